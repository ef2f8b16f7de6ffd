"""GGUF files whose quantization OpenVINO does not read."""

import numpy as np
import pytest

from textgrad.engine.local_conversion import convert, converted_path


def test_a_converted_file_has_the_same_fields_and_nearly_the_same_weights(tmp_path):
    gguf = pytest.importorskip("gguf")
    kinds = gguf.GGMLQuantizationType
    source, target = tmp_path / "m.gguf", tmp_path / "cache" / "m.gguf"
    weights = np.random.default_rng(0).normal(size=(4, 64)).astype(np.float32)
    writer = gguf.GGUFWriter(source, "llama")
    writer.add_block_count(2)
    writer.add_token_list(["a", "b"])
    writer.add_tensor("m.weight", gguf.quantize(weights, kinds.Q5_0), raw_dtype=kinds.Q5_0)
    writer.add_tensor("v.weight", weights[0])
    writer.add_tensor("odd.weight", weights[:, :33].copy())
    for write in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        write()
    writer.close()
    convert(source, target)
    before, after = gguf.GGUFReader(source), gguf.GGUFReader(target)
    for name in ("general.architecture", "llama.block_count", "tokenizer.ggml.tokens"):
        assert after.fields[name].contents() == before.fields[name].contents()
    assert [tensor.tensor_type for tensor in after.tensors] == [kinds.Q8_0, kinds.F32, kinds.F32]
    for old, new in zip(before.tensors, after.tensors):
        assert old.shape.tolist() == new.shape.tolist()
        values = [gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in (old, new)]
        assert np.abs(values[0] - values[1]).max() < 0.02
    assert list(target.parent.iterdir()) == [target]


def test_a_changed_file_has_another_converted_copy(tmp_path):
    source = tmp_path / "m.gguf"
    source.write_bytes(b"GGUF")
    first = converted_path(source, tmp_path)
    assert first == converted_path(source, tmp_path)
    source.write_bytes(b"GGUF2")
    assert converted_path(source, tmp_path) != first
