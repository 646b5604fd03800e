"""A reader of template expressions written for the tests: what ARM would make of a template, and nothing more."""

import re
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z]+)\(|(?P<text>'(?:[^']|'')*')|(?P<end>\))|(?P<comma>,)|(?P<path>\.[A-Za-z]+))",
    re.S,
)


class Engine:
    """Evaluates one template for a subscription and group; ``reference`` is answered with what was asked for."""

    def __init__(self, subscription: str, group: str, parameters: dict[str, str]) -> None:
        self.scope = f"/subscriptions/{subscription}/resourceGroups/{group}"
        self.subscription = subscription
        self.parameters = parameters

    def value(self, node: Any) -> Any:
        """Everything below ``node`` evaluated."""
        if isinstance(node, dict):
            return {self.value(key): self.value(item) for key, item in node.items()}
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, str) or not node.startswith("["):
            return node
        if node.startswith("[["):
            return node[1:]
        assert node.endswith("]"), node
        result, end = self._expression(node, 1)
        assert end == len(node) - 1, node
        return result

    def _expression(self, text: str, at: int) -> tuple[Any, int]:
        match = TOKEN.match(text, at)
        assert match, text[at:]
        at = match.end()
        if match["text"] is not None:
            return match["text"][1:-1].replace("''", "'"), at
        assert match["name"], text[at:]
        args: list[Any] = []
        while True:
            look = TOKEN.match(text, at)
            assert look, text[at:]
            if look["end"]:
                at = look.end()
                break
            if look["comma"]:
                at = look.end()
                continue
            argument, at = self._expression(text, at)
            args.append(argument)
        result = self._call(match["name"], args)
        while (look := TOKEN.match(text, at)) and look["path"]:
            result += look["path"]
            at = look.end()
        return result, at

    def _call(self, name: str, args: list[Any]) -> Any:
        if name == "parameters":
            return self.parameters[args[0]]
        if name == "concat":
            return "".join(args)
        if name == "format":
            return args[0].format(*args[1:])
        if name == "guid":
            return "guid:" + "|".join(args)
        if name == "reference":
            return "reference:" + "|".join(args)
        if name == "subscriptionResourceId":
            subscription = args.pop(0) if len(args) == 3 else self.subscription
            return f"/subscriptions/{subscription}/providers/{args[0]}/{args[1]}"
        if name == "extensionResourceId":
            return f"{args[0]}/providers/{args[1]}/{args[2]}"
        assert name == "resourceId", name
        provider, *types = args[0].split("/")
        assert len(types) == len(args) - 1, args
        pairs = "/".join(f"{kind}/{part}" for kind, part in zip(types, args[1:], strict=True))
        return f"{self.scope}/providers/{provider}/{pairs}"
