#!/usr/bin/env bash
# Guess: hf_hub_download, stopped half-way through a file, goes on from there at the next call (as it did for years).
# Seen with huggingface_hub 2.4.0, Python 3.11: it does not. Each call writes to a file of its own name
# (<etag>.<random>.incomplete) and asks for the whole file again: no Range header in the second call. Inside one call a
# broken connection is still resumed. What a killed process left stays on the disk, unused.
# Output seen:
#   killed after bytes: True
#   left behind: 1 file(s)
#   the second call asks for a part: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "huggingface_hub==2.4.0"
cat > "$folder/run.py" <<'PY'
import hashlib, os, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BODY, HALF, asked = bytes(range(256)) * 120_000, 22_000_000, []  # written to the disk in pieces of 10 MB


class Hub(BaseHTTPRequestHandler):
    def log_message(self, *_): ...

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        start = self.headers.get("Range")
        asked.append(start)
        first = int(start[6:-1]) if start else 0
        self.answer(first)
        try:
            self.wfile.write(BODY[:HALF] if len(asked) == 1 else BODY[first:])
            time.sleep(60 if len(asked) == 1 else 0)  # the first call: half of the file, then silence
        except OSError:
            pass  # the caller was killed

    def answer(self, first=0):
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(BODY) - first))
        self.send_header("ETag", '"%s"' % hashlib.sha256(BODY).hexdigest())
        self.send_header("X-Repo-Commit", "c0ffee" * 7)
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_address[1]}"
call = "from huggingface_hub import hf_hub_download; hf_hub_download('a/b', 'weights.bin', local_dir='here')"
child = subprocess.Popen([sys.executable, "-c", call], stderr=subprocess.DEVNULL)
parts = lambda: [p for p in Path("here").rglob("*.incomplete") if p.stat().st_size]
end = time.monotonic() + 50
while not parts() and time.monotonic() < end:
    time.sleep(0.1)
child.kill()
child.wait()
print("killed after bytes:", bool(parts()))
print("left behind:", len(parts()), "file(s)")
subprocess.run([sys.executable, "-c", call], check=True, stderr=subprocess.DEVNULL)
print("the second call asks for a part:", any(asked[1:]))
assert Path("here/weights.bin").read_bytes() == BODY
sys.exit(0 if not any(asked[1:]) and parts() else 1)
PY
cd "$folder" && "$folder/venv/bin/python" run.py
