"""Namespaces: what each one gets, and how one goes away."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, name_of

_CERTIFICATE = (
    "-----BEGIN CERTIFICATE-----\n"
    "c2ltdWxhdGlvbjogdGhlIHNhbmRib3gncyB0aHJvdy1hd2F5IGF1dGhvcml0eSBpcyBpbiB0aGUga3ViZWNvbmZpZw==\n"
    "-----END CERTIFICATE-----\n"
)
_NOT_CONTENT = frozenset({"namespaces", "events"})


class Namespaces:
    """The default service account, the API server's certificate, and deletion with all content."""

    name = "namespace"

    def __init__(self, life: Life) -> None:
        self._life = life
        life.add(self)
        life.watch("namespaces", lambda _event, ns: life.enqueue(self.name, "", name_of(ns)))
        life.watch("serviceaccounts", self._made_again)
        life.watch("*", self._content)

    def _made_again(self, event: str, obj: Obj) -> None:
        if event == "DELETED":
            self._life.enqueue(self.name, "", obj["metadata"]["namespace"])

    def _content(self, event: str, obj: Obj) -> None:
        namespace = obj["metadata"].get("namespace")
        if event == "DELETED" and namespace:
            space = self._life.store.entry("namespaces", "", namespace)
            if space is not None and "deletionTimestamp" in space.object()["metadata"]:
                self._life.enqueue(self.name, "", namespace)

    def reconcile(self, _namespace: str, name: str) -> None:
        """One namespace."""
        life = self._life
        space = life.get("namespaces", None, name)
        if space is None:
            return
        if deleting(space):
            self._empty(space)
            return
        if life.store.entry("serviceaccounts", name, "default") is None:
            life.create("serviceaccounts", {"metadata": {"name": "default", "namespace": name}})
        if life.store.entry("configmaps", name, "kube-root-ca.crt") is None:
            about = (
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints "
                "such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across "
                "distributions of Kubernetes clusters."
            )
            life.create(
                "configmaps",
                {
                    "metadata": {
                        "name": "kube-root-ca.crt", "namespace": name,
                        "annotations": {"kubernetes.io/description": about},
                    },
                    "data": {"ca.crt": _CERTIFICATE},
                },
            )  # fmt: skip

    def _empty(self, space: Obj) -> None:
        """Delete what is in it; when nothing is left, take the finalizer off."""
        life, name = self._life, name_of(space)
        left = 0
        for resource in list(life.store.resources()):
            if resource == "namespaces":
                continue
            for entry in list(life.store.entries(resource, name)):
                if resource != "events":
                    left += 1
                if "deletionTimestamp" not in entry.object()["metadata"]:
                    life.delete(resource, name, entry.name)
        left = sum(life.store.count(r, name) for r in life.store.resources() if r not in _NOT_CONTENT)
        if left:
            return
        finalizers = [f for f in space["spec"].get("finalizers") or () if f != "kubernetes"]
        space["spec"]["finalizers"] = finalizers
        life.update("namespaces", space)
