"""Random crops of padded images, half of them mirrored, as is usual for CIFAR (han2025, Fig. 7)."""

import torch
from torch import Generator, Tensor

PARAMETERS = {
    # Black pixels around an image. A crop has the size of the image without them.
    "padding": {"type": "integer", "minimum": 0, "default": 4},
    "flip": {"type": "boolean", "default": True},
}


def draws(samples: int, generator: Generator, padding: int = 4, flip: bool = True) -> Tensor:
    """The corner of each sample's crop, down and right, and whether it is mirrored: ``[N, 3]``."""
    corners = torch.randint(2 * padding + 1, (samples, 2), generator=generator)
    mirrored = torch.randint(2, (samples, 1), generator=generator) * flip
    return torch.cat([corners, mirrored], 1)


def augmented(
    x: Tensor, drawn: Tensor, black: Tensor, padding: int = 4, flip: bool = True
) -> Tensor:
    """Images ``[B, C, H, W]``, each cropped and mirrored as its row of ``drawn [B, 3]`` says.

    ``black [C, 1, 1]`` is the value of a black pixel after the images were standardised.
    """
    count, channels, height, width = x.shape
    shape = (count, channels, height + 2 * padding, width + 2 * padding)
    framed = black.to(x).expand(shape).clone()
    framed[:, :, padding : padding + height, padding : padding + width] = x
    rows = drawn[:, :1] + torch.arange(height, device=x.device)
    columns = torch.arange(width, device=x.device).expand(count, -1)
    columns = torch.where(drawn[:, 2:] > 0, width - 1 - columns, columns) + drawn[:, 1:2]
    images = torch.arange(count, device=x.device)[:, None, None, None]
    maps = torch.arange(channels, device=x.device)[None, :, None, None]
    return framed[images, maps, rows[:, None, :, None], columns[:, None, None, :]]
