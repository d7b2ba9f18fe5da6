"""What a sheet must say beside a count, as ids: the sheet words them."""

from __future__ import annotations

from enum import StrEnum


class Remark(StrEnum):
    """A convention or an assumption behind a count."""

    KEEPS_SIZE = "size-keeping-padding"
    """No padding is stated: P = (F − 1)/2 is taken, which keeps height and width."""
    WINDOW_STRIDE = "pool-stride"
    """No stride is stated: the stride of a pooling is its window."""
    DIVIDES = "sizes-divide"
    """A stride, or a number of groups, is taken to divide a symbolic size."""
    FLATTENED = "volume-flattened"
    """A fully connected layer reads the whole volume as one vector."""
    MAC_FLOPS = "mac-is-two-flops"
    """One multiply-accumulate is two floating-point operations."""
    PRODUCTS = "products-only"
    """Multiply-adds are counted for convolutions and fully connected layers only."""
    PADDING_COUNTED = "padding-counted"
    """Products with padded zeros are counted."""
    TRAINABLE = "batchnorm-trainable"
    """Batch normalization has a scale and a shift per channel; its running averages are not
    trained."""
    BIAS_CONNECTION = "bias-is-connection"
    """Each output with a bias has one connection more."""
    FLOAT32 = "float32-bytes"
    """A number takes four bytes."""
    BINARY_UNITS = "binary-units"
    """One KB is 1024 bytes, one MB is 1024 KB."""
    WITH_INPUT = "total-includes-input"
    """The total includes the input."""
