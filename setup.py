"""Compile the kernels where a compiler is at hand; everything else about the build is in pyproject.toml.

Without a compiler the install succeeds and the same sources run interpreted (`recourse --version` says
which).
"""

import hashlib
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = ["trees_kernel", "additive_kernel"]
SEARCH = Path("src") / "recourse" / "search" / "kernels"

# Fused multiply-adds would make compiled and interpreted results differ on some processors; `-march=native`
# would
# make wheels crash on others.
FLAGS = ["/O2"] if sys.platform == "win32" else ["-O3", "-g0", "-ffp-contract=off"]


def source_hash(path: Path) -> int:
    """Hash as `recourse.search.kernels.builds.source_hash` does; 62 bits fit every C compiler's long long."""
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


extensions = cythonize(
    [
        Extension(
            f"recourse.search.kernels.{name}",
            [str(SEARCH / f"{name}.py")],
            define_macros=[("RECOURSE_SOURCE_HASH", f"{source_hash(SEARCH / f'{name}.py')}LL")],
            extra_compile_args=FLAGS,
        )
        for name in KERNELS
    ],
    build_dir="build",
)
for extension in extensions:
    extension.optional = True  # set before cythonize, it is lost

setup(ext_modules=extensions)
