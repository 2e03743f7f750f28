"""Crops and mirrors, against a loop over images."""

import torch

from latephase.parts.augmentations import crop_flip


def test_equals_a_loop_over_images():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 2, 5, 6, generator=generator)
    black = torch.tensor([-0.5, -2.0])[:, None, None]
    drawn = crop_flip.draws(40, generator, padding=2)
    found = crop_flip.augmented(x, drawn, black, padding=2)
    for image, (down, right, mirrored), ours in zip(x, drawn.tolist(), found, strict=True):
        framed = black.repeat(1, 9, 10)
        framed[:, 2:7, 2:8] = image
        cut = framed[:, down : down + 5, right : right + 6]
        assert torch.equal(ours, cut.flip(2) if mirrored else cut)
    assert {tuple(row) for row in drawn[:, :2].tolist()} <= {
        (i, j) for i in range(5) for j in range(5)
    }
    assert 8 < drawn[:, 2].sum() < 32


def test_without_padding_and_mirror_images_stay():
    x = torch.randn(4, 1, 3, 3)
    drawn = crop_flip.draws(4, torch.Generator().manual_seed(1), padding=0, flip=False)
    assert torch.equal(crop_flip.augmented(x, drawn, torch.zeros(1, 1, 1), 0, False), x)
