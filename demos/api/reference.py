"""docs/api.md, made from the functions: ``python -m demos.api.reference > docs/api.md``. A test keeps it true."""

from __future__ import annotations

import json

from core.data.photos import NAMES
from core.lessons.image_classifier.choices import GARMENTS
from demos.api import FUNCTIONS, Function
from demos.api.surface import MOST_SECONDS, REQUIRED, Items, Letters, Parameter, Picture

ADDRESS = "http://127.0.0.1:7860"
_HEAD = f"""# What programs may ask

<!-- Made by `python -m demos.api.reference > docs/api.md`. Change the functions in demos/api, not this file. -->

While the gallery runs (`python app.py`, or `taste`), {len(FUNCTIONS)} functions answer programs. They have no memory: each
call is told everything it needs, and two programs see nothing of each other. A call that computes ends after
{MOST_SECONDS} seconds at the latest with what it has; its answers under way have `"done": false`, and `"waiting": n` while n
others come first. What cannot be is refused in one sentence, in English or, with `"lang": "ko"`, in Korean.

```bash
curl -s {ADDRESS}/api/train_net -H 'content-type: application/json' -d '{{"data": "xor", "epochs": 20}}'
```

That is all: one request, one JSON object; a picture comes as text in `picture`, a refusal as `{{"error": "…"}}`. With
`-N -H 'accept: application/x-ndjson'` the answers under way come too, one a line. The functions are Gradio endpoints as well:

```python
from gradio_client import Client, handle_file

client = Client("{ADDRESS}")
print(client.predict(data="xor", hidden=[4, 2], epochs=20, api_name="/train_net"))
values, file = client.predict("red apple", steps=4, seed=3, api_name="/draw_picture")
print(client.predict(handle_file(file), labels=["apple", "rocket"], api_name="/classify_picture"))
job = client.submit("spiral", epochs=50, api_name="/train_net")
for answer in job:
    print(answer["epochs"])
```

```bash
id=$(curl -s {ADDRESS}/gradio_api/call/v2/train_net -H 'content-type: application/json' -d '{{"data": "xor", "epochs": 20}}' \\
  | sed 's/.*"event_id": *"\\([^"]*\\)".*/\\1/')
curl -sN {ADDRESS}/gradio_api/call/train_net/$id
```

A job of gradio_client stops with `job.cancel()`. It spends a tenth of a second a call on reading certificates, also where the
address is plain `http`: `Client("{ADDRESS}", ssl_verify=False)` spares that there. The same list, for machines, is
at `/gradio_api/info`.

**Pictures.** Send an upload (`handle_file` of gradio_client), or `data:image/png;base64,…`, or the name of an example:
{", ".join(GARMENTS)}; {", ".join(NAMES)}. Pictures come back as files.

**Assistants.** With `pip install -r requirements-mcp.txt` and `GRADIO_MCP_SERVER=true`, the same functions are tools of an MCP
server at `{ADDRESS}/gradio_api/mcp/`.

**Programs that speak to OpenAI** find the LLM of this server at `{ADDRESS}/v1` (`/v1/models`, `/v1/chat/completions`,
`/v1/completions`, streamed or not) and the text encoder at `/v1/embeddings` (model `words`, 384 numbers). Any key will do.
"""


def markdown() -> str:
    return "\n".join([_HEAD, *map(_section, FUNCTIONS)]).rstrip("\n") + "\n"


def _section(function: Function) -> str:
    rows = "\n".join(
        f"| `{each.name}` | {_allowed(each)} | {_default(each)} | {each.words} |" for each in function.parameters
    )
    table = f"| parameter | may be | default | meaning |\n|---|---|---|---|\n{rows}"
    streams = " Streamed." if function.streams else ""
    return f"## {function.name}\n\n{function.summary}{streams}\n\n{table}\n\nGives: {function.gives}\n"


def _allowed(parameter: Parameter) -> str:
    return _words(parameter.schema, parameter.allowed)


def _words(schema: dict[str, object], allowed: object) -> str:
    match allowed:
        case Picture():
            return "a picture"
        case Letters(most=most):
            return f"text of at most {most:,} letters"
        case Items(of=of, most=most, least=least):
            inner = schema["items"]
            assert isinstance(inner, dict)
            count = f"{least}" if least == most else f"{least}–{most}"
            return f"list of {count}: {_words(inner, of)}"
    if "enum" in schema:
        names = schema["enum"]
        assert isinstance(names, list)
        return ", ".join(f"`{name}`" for name in names)
    if schema.get("type") == "boolean":
        return "true, false"
    kind = "whole number" if schema["type"] == "integer" else "number"
    return f"{kind}, {schema['minimum']:,} … {schema['maximum']:,}"


def _default(parameter: Parameter) -> str:
    return "needed" if parameter.default is REQUIRED else f"`{json.dumps(parameter.default, ensure_ascii=False)}`"


if __name__ == "__main__":
    print(markdown(), end="")
