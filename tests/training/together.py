"""The engine as it trains on an accelerator, for the tests of what it does there."""

from latephase.training.trainer import Trainer


class Together(Trainer):
    """All rows in one batched step, as on an accelerator."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.serial = False
