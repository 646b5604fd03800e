"""ClusterRoles that are made of others: the controller behind ``aggregationRule``."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.selectors import of_selector

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]
ROLES: Final = "clusterroles.rbac.authorization.k8s.io"


class Aggregation:
    """Keeps the rules of aggregated roles what the roles that they select say."""

    def __init__(self, store: "Store") -> None:
        self.store = store
        store.subscribe(self._seen)

    def _seen(self, _event: str, group_resource: str, _obj: Object) -> None:
        if group_resource == ROLES:
            self.refresh()

    def refresh(self) -> None:
        """Bring every aggregated role up to date."""
        roles = self.store.list(ROLES)
        for role in roles:
            selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
            if not selectors:
                continue
            rules: list[Object] = []
            for other in roles:
                labels = other["metadata"].get("labels") or {}
                if other is not role and any(of_selector(one)(labels) for one in selectors):
                    rules += [rule for rule in other.get("rules") or () if rule not in rules]
            if rules != (role.get("rules") or []):
                role["rules"] = rules
                self.store.update(ROLES, role)
