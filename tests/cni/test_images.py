"""What a mirror must hold."""

from byocni_tui.cni.images import images_of
from byocni_tui.cni.values import render
from byocni_tui.plan.model import Cni, Plan


def test_without_a_mirror_images_come_from_their_vendor() -> None:
    images = images_of(Plan())
    assert images[0].source == "quay.io/cilium/cilium:v1.19.9"
    assert {image.mirror for image in images} == {None}


def test_the_mirror_holds_them_where_the_values_point() -> None:
    for plugin in ("cilium", "calico", "antrea"):
        of = Plan(cni=Cni(plugin=plugin, registry="https://m.example/team/", observability=True))
        text = str(render(of))
        for image in images_of(of):
            assert image.mirror is not None
            assert image.mirror.startswith("m.example/team/")
        assert "m.example/team" in text
    cilium = Plan(cni=Cni(registry="m.example"))
    repository = render(cilium)["image"]["repository"]
    assert any(image.mirror == f"{repository}:v1.19.9" for image in images_of(cilium))


def test_only_what_was_asked_for_is_pulled() -> None:
    assert not any("hubble" in image.source for image in images_of(Plan()))
    assert any("hubble" in image.source for image in images_of(Plan(cni=Cni(observability=True))))
    assert images_of(Plan(cni=Cni(plugin="manual"))) == ()
    assert images_of(Plan(cni=Cni(plugin="flannel"))) == ()
    assert images_of(Plan(cni=Cni(plugin="nothing"))) == ()
