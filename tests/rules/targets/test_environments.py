"""What a digest of software is of."""

from rules.targets.environments import Environments


def test_a_comment_on_pins_is_no_other_software(tmp_path):
    (tmp_path / "envs").mkdir()
    for name in ("train.yaml", "analysis.yaml"):
        (tmp_path / "envs" / name).write_text("dependencies:\n- python=3.12\n")
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\npandas==3\n")

    def software():
        return Environments(tmp_path).software("train")

    before = software()
    (tmp_path / "requirements.txt").write_text("# pins\ntorch==2.13.0\npandas==4\n")
    (tmp_path / "envs/analysis.yaml").write_text("dependencies:\n- python=3.13\n")
    assert software() == before
    # Of other models.
    (tmp_path / "envs/train-timm.yaml").write_text("dependencies:\n- timm=1.0\n")
    (tmp_path / "envs/train-timm-cuda.yaml").write_text("dependencies:\n- timm=1.0\n")
    assert software() == before
    (tmp_path / "envs/train-cuda.yaml").write_text("dependencies:\n- python=3.13\n")
    on_gpus = software()
    (tmp_path / "envs/train.yaml").write_text("dependencies:\n- python=3.13\n")
    assert len({before, on_gpus, software()}) == 3


def test_another_library_is_other_software_of_the_models_that_need_it(tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    library = tmp_path / "requirements-timm.txt"

    def software(stage, text):
        library.write_text(text)
        return Environments(tmp_path).software(stage)

    plain = software("train", "timm==1.0.24\ntorchvision==0.28.0\n")
    before = software("train-timm", "timm==1.0.24\ntorchvision==0.28.0\n")
    assert before == software("train-timm", "# pins\ntimm==1.0.24\ntorchvision==0.28.0\n")
    assert before != software("train-timm", "timm==1.0.25\ntorchvision==0.28.0\n")
    assert before != software("train-timm", "timm==1.0.24\ntorchvision==0.28.1\n")
    assert plain == software("train", "timm==1.0.25\n")
