"""Results kept one JSON object a line, written at once, so that a run can be continued."""

import hashlib
import json


def digest(path):
    """The first half of a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


class Store:
    """An append-only list of results, each with a key; the last one of a key counts."""

    def __init__(self, path):
        self.path = path
        self.by_key = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                self._remember(line)

    @classmethod
    def opened_for(cls, path, fresh, inputs):
        """The store at a path, emptied first if `fresh`. Raises ValueError if what it holds came of
        other inputs (name -> digest): their figures must not stand in one table."""
        if fresh and path.exists():
            path.unlink()
        store = cls(path)
        before = store.get("inputs")
        if before is None:
            store.put("inputs", value=inputs)
        elif before != inputs:
            changed = [name for name in inputs if inputs[name] != before.get(name)]
            raise ValueError(f"{path} was measured with another {', '.join(changed)}; "
                             "--fresh measures again")
        return store

    def _remember(self, line):
        """A line that a stopped run left unfinished is not JSON: that result is measured again."""
        try:
            entry = json.loads(line)
            self.by_key[tuple(entry["key"])] = entry["value"]
        except (ValueError, KeyError, TypeError):
            pass

    def get(self, *key):
        """The value of a key, or None."""
        return self.by_key.get(key)

    def put(self, *key, value):
        """Keeps a value, in memory and in the file."""
        self.by_key[key] = value
        line = json.dumps({"key": list(key), "value": value}, ensure_ascii=False)
        cut = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(("\n" if cut and self.path.stat().st_size else "") + line + "\n")

    def values(self, *prefix):
        """The values whose keys begin so, in the order in which they came."""
        return [value for key, value in self.by_key.items() if key[:len(prefix)] == prefix]
