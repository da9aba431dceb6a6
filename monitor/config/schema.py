"""The JSON Schema of monitor.toml, for editors that complete and check as one types."""

from typing import Any, Final

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Draft 2020-12, with a description for every key."""
    from monitor.config.document import Document

    schema = _plain(Document.model_json_schema(by_alias=True))
    return {"$schema": DIALECT, **schema, "title": "monitor.toml of gpu-stock-monitor"}


def _plain(node: Any) -> Any:
    # TOML has no null: what may be left out is simply not required.
    if isinstance(node, list):
        return [_plain(element) for element in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _plain(value) for key, value in node.items() if not _is_noise(key, value)}
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        return {**choices[0], **kept}
    return {**kept, "anyOf": choices} if choices else kept


def _is_noise(key: str, value: Any) -> bool:
    return (key == "default" and value in (None, {}, [])) or (key == "title" and isinstance(value, str))
