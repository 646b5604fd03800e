"""Admission webhooks of charts: who is asked about a write, and what comes of it when nobody answers.

What stands behind a webhook is not played: one that could be reached allows everything and changes nothing. One that
can't be reached refuses or not, as its failurePolicy says, in the API server's words.
"""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.selectors import of_selector
from byocni_tui.sandbox.kube.status import ApiError, not_in_sandbox

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
_GROUP: Final = "admissionregistration.k8s.io"
_KINDS: Final = (f"mutatingwebhookconfigurations.{_GROUP}", f"validatingwebhookconfigurations.{_GROUP}")
_ENFORCER: Final = "admissions.enforcer/disabled"


def rule_matches(rule: Object, operation: str, kind: Kind, subresource: str) -> bool:
    """Whether a rule of a webhook or policy speaks of an operation on a resource."""
    if not {operation, "*"} & set(rule.get("operations") or ()):
        return False
    if not {kind.group, "*"} & set(rule.get("apiGroups") or ()):
        return False
    if rule.get("scope", "*") not in ("*", "Namespaced" if kind.namespaced else "Cluster"):
        return False
    full = f"{kind.resource}/{subresource}" if subresource else kind.resource
    wanted = set(rule.get("resources") or ())
    if subresource:
        return bool(wanted & {full, "*/*", f"{kind.resource}/*", f"*/{subresource}"})
    return bool(wanted & {full, "*", "*/*"})


_READS: Final = ("get", "list", "watch")


class Webhooks:
    """The webhooks of one cluster."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store

    def enforce(self, kind: Kind, obj: Object) -> None:
        """AKS keeps webhooks away from its own namespaces, unless a label says otherwise: in place."""
        if kind.storage not in _KINDS or (obj["metadata"].get("labels") or {}).get(_ENFORCER) == "true":
            return
        for hook in obj.get("webhooks") or ():
            selector = hook.get("namespaceSelector") or {}
            listed = selector.get("matchExpressions") or []
            if not any(one.get("key") == "control-plane" for one in listed):
                extra = {"key": "control-plane", "operator": "DoesNotExist"}
                hook["namespaceSelector"] = {**selector, "matchExpressions": [*listed, extra]}

    def ask(self, operation: str, kind: Kind, obj: Object, old: Object | None, subresource: str = "") -> None:
        """Ask all that want to be asked. Raises 500 when one that must answer can't be reached."""
        if kind.group == _GROUP:
            return
        for resource in _KINDS:
            if not self.store.count(resource):
                continue
            for entry in self.store.list(resource):
                for hook in entry.get("webhooks") or ():
                    if self._wants(hook, operation, kind, obj, old, subresource):
                        self._call(hook)

    def _wants(
        self, hook: Object, operation: str, kind: Kind, obj: Object, old: Object | None, subresource: str
    ) -> bool:
        if not any(rule_matches(rule, operation, kind, subresource) for rule in hook.get("rules") or ()):
            return False
        if selector := hook.get("namespaceSelector"):
            space = obj["metadata"].get("namespace", "") if kind.namespaced else ""
            if kind.storage == "namespaces":
                labels = obj["metadata"].get("labels") or {}
            elif space:
                labels = (self.store.get("namespaces", "", space) or {"metadata": {}})["metadata"].get(
                    "labels"
                ) or {}
            else:
                labels = None
            if labels is not None and not of_selector(selector)(labels):
                return False
        if selector := hook.get("objectSelector"):
            seen = [obj] if old is None else [obj, old]
            return any(of_selector(selector)(one["metadata"].get("labels") or {}) for one in seen)
        return True

    def convert(self, kind: Kind, verb: str) -> None:
        """Raises what a conversion webhook's silence brings where a version is asked for that is not the stored one."""
        stored = self.cluster.registry.stored(kind.storage)
        if kind.api_version == stored.api_version or (verb in _READS and not self.store.count(kind.storage)):
            return
        crd = self.store.get("customresourcedefinitions.apiextensions.k8s.io", "", kind.crd or "") or {}
        conversion = (crd.get("spec") or {}).get("conversion") or {}
        if conversion.get("strategy") != "Webhook":
            return
        config = (conversion.get("webhook") or {}).get("clientConfig") or {}
        service = config.get("service")
        subject = stored if verb in _READS else kind
        if service is None or not (why := self._problem(service)):
            raise not_in_sandbox(f"the conversion webhook for {subject.api_version}, Kind={subject.kind}")
        host = f"{service.get('name', '')}.{service.get('namespace', '')}.svc:{service.get('port', 443)}"
        text = f"conversion webhook for {subject.api_version}, Kind={subject.kind} failed: "
        text += f'Post "https://{host}{service.get("path") or "/"}?timeout=30s": {why}'
        raise ApiError(500, "", text)

    def _call(self, hook: Object) -> None:
        config = hook.get("clientConfig") or {}
        seconds = hook.get("timeoutSeconds", 10)
        service = config.get("service")
        if service:
            host = f"{service.get('name', '')}.{service.get('namespace', '')}.svc:{service.get('port', 443)}"
            address = f"https://{host}{service.get('path') or '/'}"
            why = self._problem(service)
        else:
            address = str(config.get("url", ""))
            why = "not in the sandbox"  # it lies outside, and nothing is forwarded anywhere
        if why and hook.get("failurePolicy", "Fail") == "Fail":
            joint = "&" if "?" in address else "?"
            text = f'failed calling webhook "{hook.get("name", "")}": failed to call webhook: '
            text += f'Post "{address}{joint}timeout={seconds}s": {why}'
            cause = {"message": text}
            raise ApiError(500, "InternalError", f"Internal error occurred: {text}", {"causes": [cause]})

    def _problem(self, service: Object) -> str:
        """What is between the API server and a webhook's service; empty when it answers."""
        from byocni_tui.sandbox.kube.forward import behind

        hooks, ns, name = self.cluster.hooks, service.get("namespace", ""), service.get("name", "")
        if self.store.entry("services", ns, name) is None:
            return f'service "{name}" not found'
        try:
            pod, port = behind(self.cluster, ns, f"{name}:{service.get('port', 443)}")
        except ApiError as missing:
            return missing.message
        if hooks.tunnel is not None and (problem := hooks.tunnel(None)):
            return problem
        if hooks.listens is not None and not hooks.listens(pod, port, "TCP"):
            return (
                f"dial tcp {(pod.get('status') or {}).get('podIP', '')}:{port}: connect: connection refused"
            )
        return ""
