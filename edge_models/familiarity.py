"""The out-of-distribution score: how far a picture lies from what the model was trained on.

Features of training pictures fill a small part of feature space; a cat, a keyboard or an empty sheet falls outside it.
The distance has two parts: Mahalanobis within the principal components of the training features (Lee et al. 2018,
doi:10.48550/arXiv.1807.03888) and the residual that the components cannot express (Wang et al. 2022, ViM,
doi:10.48550/arXiv.2203.10807). `training.familiarity` fits it, with one direction more before the components: that of
a logistic regression between lesions and what is none. The manifest holds the threshold.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_models.errors import BundleError

MAX_BYTES = 64 << 20
"""Of the parameters, unpacked; the released ones have 0.3 MB."""


@dataclass(frozen=True, eq=False)
class FeatureSpace:
    """Where training features lie.

    Attributes:
        mean: float32[D].
        components: float32[K, D], orthonormal rows, K < D; the discriminant is the first.
        deviation: float32[K] > 0, standard deviation along each component.
        residual_deviation: > 0, root mean square of the training residuals' length.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    deviation: NDArray[np.float32]
    residual_deviation: float

    def __post_init__(self) -> None:
        count, size = self.components.shape
        if self.mean.shape != (size,) or self.deviation.shape != (count,):
            raise ValueError("mean, components and deviation do not fit each other")
        if not all(np.isfinite(each).all() for each in (self.mean, self.components, self.deviation)):
            raise ValueError("mean, components and deviation must be finite")
        if not (self.deviation > 0).all() or not self.residual_deviation > 0:
            raise ValueError("deviations must be positive")

    def distance(self, embedding: NDArray[np.float32]) -> float:
        """Distance of one embedding float32[D]; about 3.3 for a typical training picture."""
        centred = embedding - self.mean
        # einsum, not @: so small a product takes microseconds, but BLAS shares it with a thread of its own, and to wake
        # that while the other cores are busy was seen to take ten milliseconds
        inside = np.einsum("kd,d->k", self.components, centred)
        residual = centred - np.einsum("k,kd->d", inside, self.components)
        mahalanobis_squared = float(np.mean((inside / self.deviation) ** 2))
        residual_squared = float(np.sum(residual**2)) / self.residual_deviation**2
        return float(np.sqrt(mahalanobis_squared + residual_squared))

    def to_npz(self) -> bytes:
        """The parameters as an npz file, what `from_npz` reads."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            mean=self.mean.astype(np.float32),
            components=self.components.astype(np.float32),
            deviation=self.deviation.astype(np.float32),
            residual_deviation=np.float32(self.residual_deviation),
        )
        return buffer.getvalue()

    @classmethod
    def from_npz(cls, content: bytes) -> FeatureSpace:
        """Read what `to_npz` wrote.

        Raises:
            BundleError: the bytes are something else.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
                    raise ValueError(f"more than {MAX_BYTES} bytes")  # noqa: TRY301 - one error for a bad file
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return cls(
                    mean=arrays["mean"],
                    components=arrays["components"],
                    deviation=arrays["deviation"],
                    residual_deviation=float(arrays["residual_deviation"]),
                )
        except Exception as error:  # NumPy, zipfile and zlib each have their own for bytes that are something else
            raise BundleError(
                f"the bundle's familiarity parameters cannot be used ({error})", "Publish it again"
            ) from error
