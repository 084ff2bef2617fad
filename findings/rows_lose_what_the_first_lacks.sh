#!/usr/bin/env bash
# Guess: a table made of rows has every column that some row names, empty where a row lacks it.
# Seen with datasets 5.2.0, pyarrow 26.0.1 and pandas 3.1.1, Python 3.11: pandas does so; pyarrow's Table.from_pylist and datasets'
# Dataset.from_list and from_generator take the columns of the first row, and what only later rows hold is gone without a
# warning. A file of examples whose first line has no label loses all labels.
# Output seen:
#   pandas: ['text', 'label']
#   pyarrow: {'text': ['a', 'b']}
#   from_list: {'text': ['a', 'b']}
#   from_generator: {'text': ['a', 'b']}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "datasets==5.2.0" "pandas==3.1.1" "pyarrow==26.0.1" "numpy==2.4.6"
cat > "$folder/run.py" <<'PY'
import sys

import pandas as pd
import pyarrow as pa
from datasets import Dataset, disable_progress_bars

disable_progress_bars()
rows = [{"text": "a"}, {"text": "b", "label": 1}]
found = {
    "pandas": list(pd.DataFrame(rows).columns),
    "pyarrow": pa.Table.from_pylist(rows).to_pydict(),
    "from_list": Dataset.from_list(rows)[:],
    "from_generator": Dataset.from_generator(lambda: iter(rows), cache_dir="cache")[:],
}
for name, columns in found.items():
    print(f"{name}: {columns}")
short = {"text": ["a", "b"]}
sys.exit(0 if list(found.values()) == [["text", "label"], short, short, short] else 1)
PY
cd "$folder" && HF_HUB_OFFLINE=1 "$folder/venv/bin/python" run.py
