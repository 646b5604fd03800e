"""Access reviews, whoami and service account tokens."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.kube import rbac
from byocni_tui.sandbox.kube.request import Target, User
from byocni_tui.sandbox.kube.stamp import Stamp, parse
from byocni_tui.sandbox.kube.status import Cause, invalid, not_found

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]


class Reviews:
    """Answers what a user may do and who a token is."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store

    def answer(self, target: Target, obj: Object, user: User) -> Object:
        """The review with its status."""
        spec = obj.get("spec") or {}
        resource = target.kind.resource
        if resource == "selfsubjectreviews":
            info: Object = {"username": user.name, "groups": list(user.groups)}
            return self._filled(target, obj, {"userInfo": info})
        if resource == "tokenreviews":
            return self._filled(target, obj, self._token_status(spec.get("token", "")))
        if resource == "selfsubjectrulesreviews":
            return self._filled(target, obj, self._rules(user, spec.get("namespace", "")))
        if resource != "selfsubjectaccessreviews":
            user = User(spec.get("user", ""), tuple(spec.get("groups") or ()))
        return self._filled(target, obj, self._access(user, spec))

    def _filled(self, target: Target, obj: Object, status: Object) -> Object:
        meta = (
            {"creationTimestamp": Stamp(self.cluster.clock.now())}
            if target.kind.kind == "SelfSubjectReview"
            else {}
        )
        out = {"kind": target.kind.kind, "apiVersion": target.kind.api_version, "metadata": meta}
        if "spec" in obj and target.kind.kind != "SelfSubjectReview":
            out["spec"] = obj["spec"]
        return {**out, "status": status}

    def _access(self, user: User, spec: Object) -> Object:
        if spec.get("resourceAttributes"):
            asked = spec["resourceAttributes"]
            allowed = rbac.allowed(
                self.store,
                user,
                asked.get("verb", ""),
                asked.get("group", ""),
                asked.get("resource", ""),
                ns=asked.get("namespace", ""),
                name=asked.get("name", ""),
                sub=asked.get("subresource", ""),
            )
        else:
            asked = spec.get("nonResourceAttributes") or {}
            allowed = rbac.allowed_path(self.store, user, asked.get("verb", ""), asked.get("path", ""))
        return {"allowed": allowed}

    def _rules(self, user: User, ns: str) -> Object:
        if rbac.MASTERS in user.groups:
            every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
            return {
                "resourceRules": [every],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
                "incomplete": False,
            }
        found = [rule for rule, _ in rbac.rules(self.store, user, ns)]
        return {
            "resourceRules": [r for r in found if r.get("resources")],
            "nonResourceRules": [r for r in found if r.get("nonResourceURLs")],
            "incomplete": False,
        }

    # -- tokens --------------------------------------------------------------------------------------------------------

    def issue(self, ns: str, name: str, obj: Object) -> Object:
        """A TokenRequest with its token. Raises 404 and 422."""
        account = self.store.get("serviceaccounts", ns, name)
        if account is None:
            raise not_found("serviceaccounts", "", name)
        spec = obj.get("spec") or {}
        seconds = spec.get("expirationSeconds")
        seconds = 3600 if seconds is None else seconds
        if seconds < 600:
            why = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
            cause = Cause("FieldValueInvalid", "spec.expirationSeconds", why)
            raise invalid("TokenRequest", "authentication.k8s.io", "", [cause])
        audiences = spec.get("audiences") or [f"https://{self.cluster.fqdn}"]
        claims = {
            "ns": ns,
            "sa": name,
            "uid": account["metadata"]["uid"],
            "exp": self.cluster.clock.now() + seconds,
        }
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": name, "namespace": ns, "creationTimestamp": Stamp(self.cluster.clock.now())},
            "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": None},
            "status": {
                "token": f"{head}.{body}.{self._signed(f'{head}.{body}')}",
                "expirationTimestamp": datetime.fromtimestamp(claims["exp"], UTC).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                ),
            },
        }

    def _signed(self, text: str) -> str:
        digest = hmac.digest(self.cluster.secret.encode(), text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _real_now(self) -> float:
        """Tokens live in the time of those who hold them: what the clock shows as now."""
        clock = self.cluster.clock
        return parse(clock.shown(clock.now())) or 0.0

    def account_of(self, token: str) -> User | None:
        """The service account of a token that ``issue`` gave, while it lasts and the account exists."""
        parts = token.split(".")
        if len(parts) != 3 or not hmac.compare_digest(
            parts[2].encode(errors="replace"), self._signed(".".join(parts[:2])).encode()
        ):
            return None
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            ns, name, uid, until = claims["ns"], claims["sa"], claims["uid"], claims["exp"]
        except (ValueError, KeyError):
            return None
        account = self.store.get("serviceaccounts", ns, name)
        if account is None or account["metadata"]["uid"] != uid or until < self._real_now():
            return None
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{ns}", "system:authenticated")
        return User(f"system:serviceaccount:{ns}:{name}", groups, uid)

    def _token_status(self, token: str) -> Object:
        user = self.account_of(token)
        if user is None:
            return {"user": {}, "error": "[invalid bearer token, service account token has been invalidated]"}
        return {
            "authenticated": True,
            "user": {"username": user.name, "uid": user.uid, "groups": list(user.groups)},
        }
