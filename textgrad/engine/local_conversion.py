"""Convert GGUF files to Q8_0, a quantization that OpenVINO reads without loss."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any


def converted_path(source: Path, cache: Path) -> Path:
    """Return where the converted copy of a file is stored. A changed file has another path."""
    state = source.stat()
    key = hashlib.sha256(f"{source} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:12]
    return cache / f"{source.stem}-{key}.Q8_0.gguf"


def convert(source: Path, target: Path) -> None:
    """Write a copy with all matrices as Q8_0 and all vectors as F32. The write is atomic.

    Args:
        source: GGUF file of any quantization.
        target: file to create; its folder is created too.

    Raises:
        ImportError: the package gguf is not installed.
        OSError: the file cannot be written.
    """
    from gguf import GGUFReader, GGUFWriter

    reader = GGUFReader(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.", delete=False) as file:
        temporary = Path(file.name)
    try:
        writer = GGUFWriter(temporary, reader.fields["general.architecture"].contents())
        _copy_fields(reader, writer)
        _copy_tensors(reader, writer)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _copy_fields(reader: Any, writer: Any) -> None:
    from gguf import GGUFValueType, LlamaFileType

    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":  # the writer adds these
            continue
        value = LlamaFileType.MOSTLY_Q8_0 if name == "general.file_type" else field.contents()
        kind, items = field.types[0], field.types[-1]
        writer.add_key_value(name, value, kind, items if kind == GGUFValueType.ARRAY else None)


def _copy_tensors(reader: Any, writer: Any) -> None:
    """Copy one tensor at a time, so that memory holds a single one."""
    from gguf import GGMLQuantizationType, dequantize, quantize

    matrix, vector = GGMLQuantizationType.Q8_0, GGMLQuantizationType.F32
    is_matrix = [len(tensor.shape) > 1 and tensor.shape[0] % 32 == 0 for tensor in reader.tensors]
    kinds = [matrix if each else vector for each in is_matrix]
    for tensor, kind in zip(reader.tensors, kinds):
        shape = tuple(reversed(tensor.shape.tolist()))
        size = tensor.n_elements * (34 / 32 if kind == matrix else 4)  # bytes; Q8_0 has 34 per block of 32
        writer.add_tensor_info(tensor.name, shape, "float32", int(size), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, kind in zip(reader.tensors, kinds):
        writer.write_tensor_data(quantize(dequantize(tensor.data, tensor.tensor_type), kind))
    writer.close()
