"""What is wrong with a pod or a pod template."""

from typing import Any, Final

from byocni_tui.sandbox.kube import human, names
from byocni_tui.sandbox.kube.complaints import Complaints

Object = dict[str, Any]
_PULL: Final = ("Always", "IfNotPresent", "Never")
_RESTART: Final = ("Always", "OnFailure", "Never")
_DNS: Final = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_RANGE: Final = "must be between 1 and 65535, inclusive"
_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc")


def pod_spec(
    spec: Object,
    field: str,
    found: Complaints,
    restart: tuple[str, ...] = _RESTART,
    more: tuple[str, ...] = (),
) -> None:
    """Complain about a pod's spec at ``field``; ``restart`` are the policies that the owner allows, ``more`` volumes
    that the owner will add."""
    volumes = set(more)
    for at, volume in enumerate(spec.get("volumes") or ()):
        _volume(volume, f"{field}.volumes[{at}]", volumes, found)
    seen: set[str] = set()
    if not spec.get("containers"):
        found.required(f"{field}.containers")
    for part in ("initContainers", "containers", "ephemeralContainers"):
        ports: set[tuple[Any, Any, Any]] = set()
        for at, container in enumerate(spec.get(part) or ()):
            where = f"{field}.{part}[{at}]"
            _container(container, where, volumes, found)
            name = container.get("name")
            if name in seen:
                found.duplicate(f"{where}.name", name)
            seen.add(name)
            for index, port in enumerate(container.get("ports") or ()):
                key = (port.get("hostPort"), port.get("protocol"), port.get("hostIP", ""))
                if port.get("hostPort") and key in ports:
                    found.duplicate(f"{where}.ports[{index}].hostPort", f"{key[1]}//{key[0]}")
                ports.add(key)
    policy = spec.get("restartPolicy")
    if policy not in restart:
        found.unsupported(f"{field}.restartPolicy", policy, restart)
    if spec.get("dnsPolicy") not in _DNS:
        found.unsupported(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS)
    for at, toleration in enumerate(spec.get("tolerations") or ()):
        _toleration(toleration, f"{field}.tolerations[{at}]", found)
    for key, value in (spec.get("nodeSelector") or {}).items():
        found.each(f"{field}.nodeSelector", key, names.qualified(key))
        found.each(f"{field}.nodeSelector", value, names.value(value))
    if spec.get("serviceAccountName"):
        found.each(
            f"{field}.serviceAccountName",
            spec["serviceAccountName"],
            names.subdomain(spec["serviceAccountName"]),
        )
    if spec.get("nodeName"):
        found.each(f"{field}.nodeName", spec["nodeName"], names.subdomain(spec["nodeName"]))
    if spec.get("hostname"):
        found.each(f"{field}.hostname", spec["hostname"], names.label(spec["hostname"]))
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= 2**31 - 1:
        found.invalid(
            f"{field}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive"
        )
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        value = spec["terminationGracePeriodSeconds"]
        found.invalid(f"{field}.terminationGracePeriodSeconds", value, "must be greater than or equal to 0")


def _volume(volume: Object, field: str, known: set[str], found: Complaints) -> None:
    name = volume.get("name", "")
    if not name:
        found.required(f"{field}.name")
    else:
        found.each(f"{field}.name", name, names.label(name))
        if name in known:
            found.duplicate(f"{field}.name", name)
    known.add(name)
    kinds = [key for key in volume if key != "name"]
    for extra in kinds[1:]:
        found.forbidden(f"{field}.{extra}", "may not specify more than 1 volume type")
    host = volume.get("hostPath")
    if isinstance(host, dict):
        if not host.get("path"):
            found.required(f"{field}.hostPath.path")
        elif ".." in str(host["path"]).split("/"):
            found.invalid(f"{field}.hostPath.path", host["path"], "must not contain '..'")
    if isinstance(volume.get("secret"), dict) and not volume["secret"].get("secretName"):
        found.required(f"{field}.secret.secretName")
    if isinstance(volume.get("configMap"), dict) and not volume["configMap"].get("name"):
        found.required(f"{field}.configMap.name")


def _container(container: Object, field: str, volumes: set[str], found: Complaints) -> None:
    name = container.get("name", "")
    if not name:
        found.required(f"{field}.name")
    else:
        found.each(f"{field}.name", name, names.label(name))
    image = container.get("image", "")
    if not image:
        found.required(f"{field}.image")
    elif image != image.strip():
        found.invalid(f"{field}.image", image, "must not have leading or trailing whitespace")
    port_names: set[str] = set()
    for at, port in enumerate(container.get("ports") or ()):
        _port(port, f"{field}.ports[{at}]", port_names, found)
    for at, variable in enumerate(container.get("env") or ()):
        _variable(variable, f"{field}.env[{at}]", found)
    mounted: set[str] = set()
    for at, mount in enumerate(container.get("volumeMounts") or ()):
        where = f"{field}.volumeMounts[{at}]"
        if not mount.get("name"):
            found.required(f"{where}.name")
        elif mount["name"] not in volumes:
            found.missing(f"{where}.name", mount["name"])
        path = mount.get("mountPath")
        if not path:
            found.required(f"{where}.mountPath")
        elif path in mounted:
            found.invalid(f"{where}.mountPath", path, "must be unique")
        mounted.add(path or "")
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(container.get(probe), dict):
            _probe(container[probe], f"{field}.{probe}", found)
    policy = container.get("imagePullPolicy")
    if policy not in _PULL:
        found.unsupported(f"{field}.imagePullPolicy", policy, _PULL)
    _resources(container.get("resources") or {}, f"{field}.resources", found)


def _port(port: Object, field: str, known: set[str], found: Complaints) -> None:
    name = port.get("name")
    if name:
        if len(name) > 15:
            found.invalid(f"{field}.name", name, "must be no more than 15 characters")
        elif name in known:
            found.duplicate(f"{field}.name", name)
        known.add(name)
    number = port.get("containerPort", 0)
    if not number:
        found.required(f"{field}.containerPort")
    elif not 1 <= number <= 65535:
        found.invalid(f"{field}.containerPort", number, _RANGE)
    if port.get("hostPort") and not 1 <= port["hostPort"] <= 65535:
        found.invalid(f"{field}.hostPort", port["hostPort"], _RANGE)
    if port.get("protocol") not in _PROTOCOLS:
        found.unsupported(f"{field}.protocol", port.get("protocol"), _PROTOCOLS)


def _variable(variable: Object, field: str, found: Complaints) -> None:
    name = variable.get("name", "")
    if not name:
        found.required(f"{field}.name")
    elif "=" in name:
        why = (
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
        )
        found.invalid(f"{field}.name", name, why)
    source = variable.get("valueFrom")
    if isinstance(source, dict):
        if variable.get("value"):
            found.invalid(f"{field}.valueFrom", "", "may not be specified when `value` is not empty")
        if len(source) == 0:
            why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
            why += "`fileKeyRef`"
            found.invalid(f"{field}.valueFrom", "", why)


def _probe(probe: Object, field: str, found: Complaints) -> None:
    given = [name for name in _HANDLERS if probe.get(name) is not None]
    if not given:
        found.required(field, "must specify a handler type")
    for extra in given[1:]:
        found.forbidden(f"{field}.{extra}", "may not specify more than 1 handler type")
    for name in (
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ):
        if probe.get(name, 0) < 0:
            found.invalid(f"{field}.{name}", probe[name], "must be greater than or equal to 0")
    if field.endswith(("livenessProbe", "startupProbe")) and probe.get("successThreshold", 1) != 1:
        found.invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1")


def _resources(resources: Object, field: str, found: Complaints) -> None:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for part, given in (("limits", limits), ("requests", requests)):
        for name, text in given.items():
            amount = human.quantity(text)
            if amount is not None and amount < 0:
                found.invalid(f"{field}.{part}[{name}]", str(text), "must be greater than or equal to 0")
    for name, text in requests.items():
        asked, cap = human.quantity(text), human.quantity(limits.get(name, ""))
        if asked is not None and cap is not None and asked > cap:
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            found.invalid(f"{field}.requests", str(text), why)


def _toleration(toleration: Object, field: str, found: Complaints) -> None:
    operator = toleration.get("operator", "Equal") or "Equal"
    if toleration.get("key"):
        found.each(f"{field}.key", toleration["key"], names.qualified(toleration["key"]))
    elif operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        found.invalid(f"{field}.operator", operator, why)
    if operator not in ("Equal", "Exists", "Gt", "Lt"):
        found.unsupported(f"{field}.operator", operator, ("Equal", "Exists"))
    if operator == "Exists" and toleration.get("value"):
        found.invalid(
            f"{field}.operator", toleration["value"], "value must be empty when `operator` is 'Exists'"
        )
    effect = toleration.get("effect")
    if effect and effect not in _EFFECTS:
        found.unsupported(f"{field}.effect", effect, _EFFECTS)
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        found.invalid(
            f"{field}.effect", effect or "", "effect must be 'NoExecute' when `tolerationSeconds` is set"
        )
