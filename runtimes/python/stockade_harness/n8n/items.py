"""What the code returned, in the form that n8n takes it."""

from ..encode import encode

_PYTHON_SEPARATORS = (", ", ": ")


def item_of(value, index):
    """The output item for what the code returned for input item `index`."""
    paired = {"item": index}
    if not isinstance(value, dict):
        return {"json": value, "pairedItem": paired}
    if "json" in value:
        item = {"json": value["json"], "pairedItem": paired}
    elif "binary" in value:
        item = {"json": {key: member for key, member in value.items() if key != "binary"}, "pairedItem": paired}
    else:
        return {"json": value, "pairedItem": paired}
    if "binary" in value:
        item["binary"] = value["binary"]
    return item


def error_item(message, index=None):
    """The output item that stands for an error when the node continues on fail."""
    item = {"json": {"error": message}}
    if index is not None:
        item["pairedItem"] = {"item": index}
    return item


def encode_result(result):
    """The payload of the RESULT frame; raises what the official runner's encoder raises."""
    try:
        return encode({"result": result}, str)
    except UnicodeEncodeError:
        # The message tells a position, which is that in the text with Python's own separators.
        return encode({"result": result}, str, separators=_PYTHON_SEPARATORS)
