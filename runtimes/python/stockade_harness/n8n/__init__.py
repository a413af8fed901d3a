"""Mode "n8n": the Python Code node of n8n.

`settings` reads what the runner says of a task and `rules` what it says of all of them, `analyzer` checks the code
before it runs (`forbidden` holds the names and the texts, `allowlists` the rule on imports, `templates` everything
about `str.format`), `mode` runs it over all items or over each one, `printing` is its `print`, and `items` shapes what
it returns.

These rules give the messages that users of n8n know. They are advice: a task of n8n runs inside the same walls as
every other task, and those hold without them.
"""
