"""The official runner's answers, and where this one answers otherwise on purpose."""
