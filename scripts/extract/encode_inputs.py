"""Encode each input of a data set, as some runs see it, in a few numbers.

    python -m scripts.extract.encode_inputs --data results/data/digits.safetensors \
        --entry '{"name": "digits", "train_size": 200}' \
        --output results/data/digits-D.encoding.safetensors

The encoder is that of an autoencoder. It is trained on all inputs in the runs' data, for training
and for testing, without their labels. (The released code of sakamoto2026 takes the data set's
60,000 training images, of which a study may read 1,000.) This takes minutes, so it is done once for
all packs on the same data.
"""

import argparse
import json
from pathlib import Path

import torch

from latephase.datasets import stored
from latephase.errors import reporting
from latephase.metrics.mutual_information.encoders import learned_encoding
from latephase.runs import code_digest, parts
from latephase.storage import checkpoints
from scripts import device

SEED = 0
"""The seed of the autoencoder."""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--entry", type=json.loads, required=True, help="a spec's data, as JSON")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--device", type=device.of_torch, default="cpu")
    parser.add_argument("--code", help="digest of the code as planned; other code is refused")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)

    torch.set_num_threads(args.threads)
    data = stored.load(args.data, **parts.arguments(args.entry), device=args.device)
    every_input = torch.cat([data.held("train"), data.held("test")])
    generator = torch.Generator().manual_seed(SEED)
    encoding = learned_encoding(data.test_inputs, every_input, generator)
    code_digest.hold(args.code, ["scripts.extract.encode_inputs"], code_digest.ROOT)
    checkpoints.write(args.output, {"test": encoding}, {"data": args.entry})


if __name__ == "__main__":
    with reporting():
        main()
