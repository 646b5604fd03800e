"""What each command prints with ``-o json``, as JSON Schema with texts in both languages: the source of
``docs/json.md`` and of ``docs/schemas``. A test holds it against what the commands really print."""

from typing import Any, Final, get_args

from byocni_tui.cni.model import IpamKind
from byocni_tui.deploy.event import STEPS, Status
from byocni_tui.deploy.verification import IDS
from byocni_tui.plan.finding import Severity

Text = tuple[str, str]
"""English and Chinese."""


def _of(kind: Any, en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": (en, zh), **more}


def string(en: str, zh: str, *choices: str) -> dict[str, Any]:
    """Text; one of ``choices`` where there are some."""
    return _of("string", en, zh, **({"enum": list(choices)} if choices else {}))


def maybe(of: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    kind = of["type"]
    return {**of, "type": [*(kind if isinstance(kind, list) else [kind]), "null"]}


def number(en: str, zh: str) -> dict[str, Any]:
    """A whole number, 0 or more."""
    return _of("integer", en, zh, minimum=0)


def switch(en: str, zh: str) -> dict[str, Any]:
    """True or false."""
    return _of("boolean", en, zh)


def array(en: str, zh: str, items: dict[str, Any]) -> dict[str, Any]:
    """A list."""
    return _of("array", en, zh, items=items)


def record(en: str, zh: str, optional: tuple[str, ...] = (), **keys: dict[str, Any]) -> dict[str, Any]:
    """An object; every key is always there, except those that are ``optional``."""
    return _of("object", en, zh, properties=keys, required=[key for key in keys if key not in optional])


def free(en: str, zh: str) -> dict[str, Any]:
    """An object whose keys can't be told beforehand."""
    return _of("object", en, zh)


WORD: Final = {"type": "string"}
LIST: Final = {"type": "array", "items": WORD}
CODE: Final = string("a code", "代码")

REMEDY: Final = maybe(
    record(
        "the way out",
        "解决办法",
        text=string("in words", "文字说明"),
        set=maybe(
            free(
                "field paths and the values that mend the plan (`plan FILE --set`)",
                "字段路径及修复计划的值（`plan FILE --set`）",
            )
        ),
        action=maybe(string("the name of what can be done in Azure", "可在 Azure 中执行的操作名称")),
        commands=array("lines of shell that do it", "执行该操作的命令行", WORD),
    )
)
FINDING: Final = record(
    "a finding",
    "检查结果",
    optional=("accepted", "overridden"),
    code=CODE,
    severity=string("how bad it is", "严重程度", *get_args(Severity)),
    field=string("path of the field", "字段路径"),
    related=array("paths of other fields that it is about", "相关的其他字段路径", WORD),
    message=string("what is wrong, naming both sides", "问题说明，指出相关双方"),
    evidence=maybe(
        free("path, of the plan or of the facts, and what stands there", "路径（计划或事实中的）及其内容")
    ),
    remedy=REMEDY,
    source=string("where this is documented", "文档出处"),
    accepted=switch("the warning was accepted, or the error overridden", "警告已被接受，或错误已被覆盖"),
    overridden=string("the reason that was given", "所给出的理由"),
)
CHECK: Final = record(
    "`check FILE`",
    "`check FILE`",
    plan=string("the file as it was named", "所指定的文件"),
    findings=array("worst first", "最严重的在前", FINDING),
    errors=number("how many errors", "错误数"),
    warnings=number("how many warnings, accepted ones included", "警告数（含已接受的）"),
    infos=number("how many notes", "提示数"),
    not_run=array(
        "rules that could not look, or only in part",
        "未能检查或只检查了一部分的规则",
        record(
            "a rule",
            "规则",
            code=CODE,
            needs=array("facts that it lacks", "缺少的事实", WORD),
            reason=string("why", "原因"),
        ),
    ),
)
EXPLAIN: Final = array(
    "`explain [CODE]`",
    "`explain [CODE]`",
    record(
        "a code",
        "代码",
        code=CODE,
        severity=array(
            "severities that it can have; none for causes of `doctor`",
            "可能的严重程度；`doctor` 的原因没有",
            string("", "", *get_args(Severity)),
        ),
        title=string("in a few words", "简述"),
        why=string("why it matters", "为什么重要"),
        fix=string("how to mend it", "如何修复"),
        needs=array("facts that the rule looks at", "该规则所需的事实", WORD),
        source=string("where this is documented", "文档出处"),
    ),
)
SPAN: Final = maybe(
    record(
        "a range of Kubernetes versions, both ends included",
        "Kubernetes 版本范围（含两端）",
        min=WORD,
        max={"type": ["string", "null"]},
    )
)
WHEN: Final = free(
    "under which facts of the plan it holds; empty: always", "在计划的哪些事实下成立；为空表示始终"
)
CHART: Final = maybe(
    record(
        "the Helm chart",
        "Helm Chart",
        name=WORD,
        repository=WORD,
        alias=string(
            "the name that the vendor's documentation gives the repository", "厂商文档为仓库所取的名称"
        ),
        namespace=WORD,
        release=WORD,
        oci={"type": ["string", "null"]},
        version_prefix=string(
            "what stands before the plugin's version in the chart's", "Chart 版本中插件版本前的前缀"
        ),
        create_namespace={"type": "boolean"},
        crds=maybe(free("a chart of resource definitions to apply before", "需先应用的资源定义 Chart")),
    )
)
PLUGIN: Final = record(
    "a plugin",
    "插件",
    id=WORD,
    name=WORD,
    offered=switch("whether a plan may name it", "计划是否可以使用它"),
    default_version=maybe(string("what is taken where nobody says otherwise", "未指定时采用的版本")),
    summary=WORD,
    licence=WORD,
    steward=WORD,
    docs=WORD,
    aks_docs=WORD,
    refused=maybe(record("why it is not offered", "不提供的原因", code=CODE, reason=WORD)),
    chart=CHART,
    versions=array(
        "versions on offer",
        "提供的版本",
        record(
            "a version",
            "版本",
            version=WORD,
            kubernetes=SPAN,
            default_for=SPAN,
            released=maybe(string("a date", "日期")),
            eol=maybe(string("the date on which nobody looks after it any more", "停止维护的日期")),
            azure_tested={"type": "boolean"},
            note={"type": ["string", "null"]},
            source=WORD,
        ),
    ),
    ipam=record(
        "how pods get addresses",
        "Pod 如何获得地址",
        kind=string("kind", "方式", *get_args(IpamKind)),
        block=maybe(number("prefix length of one block", "单个块的前缀长度")),
        reserved=number("addresses of a block that no pod gets", "块中不分配给 Pod 的地址数"),
        default_pool=maybe(string("what the chart takes by itself", "Chart 自身的默认范围")),
        pool_path=maybe(string("where the pool stands in the values", "地址池在 values 中的位置")),
    ),
    options=record(
        "what the plan's `cni.*` may be",
        "计划中 `cni.*` 可取的值",
        encapsulation=LIST,
        encryption=LIST,
        kube_proxy=LIST,
        observability={"type": "boolean"},
        registry={"type": "boolean"},
        mtu={"type": "boolean"},
        mtu_most=maybe(number("the largest that gets through Azure's network", "Azure 网络可通过的最大值")),
        node_mask=maybe(array("smallest and largest", "最小值与最大值", {"type": "integer"})),
    ),
    ports=array(
        "between nodes",
        "节点之间",
        record(
            "a port",
            "端口",
            protocol=WORD,
            purpose=WORD,
            port=maybe(number("null for protocols without ports", "无端口的协议为 null")),
            path=maybe(string("where the values may name another", "values 中可指定其他端口的位置")),
            required=switch("without it pods do not reach each other", "缺少它 Pod 无法互通"),
            when=WHEN,
        ),
    ),
    images=array(
        "pulled by nodes",
        "节点拉取的映像",
        record("an image", "映像", repository=WORD, tag={"type": ["string", "null"]}, when=WHEN),
    ),
    registries=array("hosts that must be reached without a mirror", "无镜像仓库时必须可达的主机", WORD),
    capabilities=free(
        "by name: `level` yes, partly or no, and a `note`", "按名称：`level`（yes、partly 或 no）和 `note`"
    ),
    workloads=array("there after the installation", "安装后存在的工作负载", free("a workload", "工作负载")),
    cni_config=maybe(string("the file whose appearance turns a node Ready", "出现后节点变为 Ready 的文件")),
    judged=free("what the rules look at in the Helm values", "规则在 Helm values 中检查的内容"),
    prepare=array("what is run before", "事先运行的命令", free("a command", "命令")),
    notes=array("good to know", "须知", WORD),
    leaves_behind=maybe(string("what stays after a removal", "移除后遗留的内容")),
)
EVENT: Final = record(
    "`apply FILE`: one object a line",
    "`apply FILE`：每行一个对象",
    time=string("RFC 3339, UTC; virtual in simulation", "RFC 3339，UTC；模拟中为虚拟时间"),
    run=string("the run's id", "运行的标识"),
    step=string("which step; `run` is the last", "步骤；`run` 是最后一个", *STEPS),
    status=string("where the step is", "步骤的状态", *get_args(Status)),
    progress=_of(["number", "null"], "0 to 1", "0 到 1"),
    message=string("a sentence", "一句话"),
    detail=maybe(
        free(
            "what a program may want: `code`, `original`, `remedy`, `field`, `exit_code` …",
            "供程序使用：`code`、`original`、`remedy`、`field`、`exit_code` 等",
        )
    ),
)
NODES: Final = array(
    "the nodes",
    "节点",
    record(
        "a node",
        "节点",
        name=WORD,
        ready={"type": "boolean"},
        message=string("of the condition Ready", "Ready 条件的消息"),
    ),
)
VERIFY: Final = record(
    "`verify`",
    "`verify`",
    nodes=NODES,
    checks=array(
        "in the order in which they were run",
        "按运行顺序",
        record(
            "a check",
            "检查",
            id=string("which one", "检查项", *IDS),
            status=string("how it ended", "结果", "passed", "failed", "warning", "skipped"),
            ms=_of(["number", "null"], "milliseconds", "毫秒"),
            detail=_of(["string", "null"], "what was seen", "观察到的内容"),
        ),
    ),
)
DOCTOR: Final = record(
    "`doctor`",
    "`doctor`",
    nodes=NODES,
    causes=array(
        "why nodes are not Ready",
        "节点未就绪的原因",
        record(
            "a cause",
            "原因",
            code=CODE,
            object=string("what it was seen at", "所涉及的对象"),
            message=WORD,
            evidence=string("in the cluster's own words", "群集的原话"),
            remedy=WORD,
        ),
    ),
    not_seen=array("what could not be looked at", "未能查看的内容", WORD),
)
_RUN: Final[dict[str, dict[str, Any]]] = {
    "id": WORD,
    "mode": string("live, simulated …", "live、simulated 等"),
    "cluster": {"type": ["string", "null"]},
    "resource_group": {"type": ["string", "null"]},
    "subscription": {"type": ["string", "null"]},
    "step": maybe(string("the last step", "最后的步骤")),
    "status": maybe(string("of that step", "该步骤的状态")),
    "state": string(
        "of the run: new, running, interrupted, done, failed, destroyed, partly-destroyed",
        "运行的状态：new、running、interrupted、done、failed、destroyed、partly-destroyed",
    ),
    "time": maybe(string("of the last event", "最后事件的时间")),
}
RUNS: Final = array("`runs list`", "`runs list`", record("a run", "运行", **_RUN))
RUN: Final = record(
    "`runs show RUN`",
    "`runs show RUN`",
    **_RUN,
    resources=array(
        "what the run made or used",
        "该运行创建或使用的资源",
        record(
            "a resource",
            "资源",
            id=WORD,
            kind=WORD,
            state=string("planned, made, adopted, removed …", "planned、made、adopted、removed 等"),
        ),
    ),
    events=array("all events", "所有事件", EVENT),
)
DESTROY: Final = array(
    "`destroy RUN`",
    "`destroy RUN`",
    record(
        "a resource",
        "资源",
        id=WORD,
        outcome=string("what became of it", "处理结果", "removed", "gone", "kept"),
        reason=_of(["string", "null"], "why it was kept", "保留的原因"),
    ),
)
_LESSON: Final[dict[str, dict[str, Any]]] = {
    "id": WORD,
    "title": WORD,
    "lesson": WORD,
    "cloud": WORD,
    "level": number("1 to 3", "1 到 3"),
    "minutes": number("how long it takes", "所需分钟数"),
    "prerequisites": array("lessons to take before", "前置课程", WORD),
}
SCENARIOS: Final = array("`scenarios list`", "`scenarios list`", record("a scenario", "场景", **_LESSON))
SCENARIO: Final = record(
    "`scenarios show ID`",
    "`scenarios show ID`",
    optional=("solution",),
    **_LESSON,
    notice={"type": ["string", "null"]},
    look=array("commands to look with", "用于查看的命令", WORD),
    look_later=array("commands to look with once the cluster is there", "群集创建好之后用于查看的命令", WORD),
    goals=array("when it is solved", "完成条件", WORD),
    hints=number("how many hints there are", "提示数量"),
    faults=array("what goes wrong in it", "其中的故障", WORD),
    source={"type": ["string", "null"]},
    solution=array("with `--solution`", "使用 `--solution` 时", free("a step", "步骤")),
)

SHAPES: Final[dict[str, dict[str, Any]]] = {
    "check": CHECK,
    "explain": EXPLAIN,
    "cni": array(
        "`cni list` and `cni compare`; `cni show ID` prints one of them",
        "`cni list` 与 `cni compare`；`cni show ID` 打印其中一个",
        PLUGIN,
    ),
    "apply": EVENT,
    "verify": VERIFY,
    "doctor": DOCTOR,
    "runs": RUNS,
    "run": RUN,
    "destroy": DESTROY,
    "scenarios": SCENARIOS,
    "scenario": SCENARIO,
}
"""Every document by the name of its schema file."""
