"""Local copies of data sets, in the layout of the Hugging Face hub."""

from pathlib import Path


def write_copy(data_dir: Path, hub: str, configs: dict[str, dict[str, list[dict]]], features: dict | None = None):
    """Write a copy of a data set, with one Parquet file per configuration and split, and the card that lists them.

    Args:
        data_dir: gets the folder <owner>/<name>.
        hub: <owner>/<name>.
        configs: rows by configuration and split.
        features: `datasets` features by column, for images and labels.
    """
    import datasets

    folder = data_dir / hub
    card = "---\nconfigs:\n"
    for config, splits in configs.items():
        card += f"- config_name: {config}\n  data_files:\n"
        (folder / config).mkdir(parents=True, exist_ok=True)
        for split, rows in splits.items():
            data = datasets.Dataset.from_list(rows)
            for column, feature in (features or {}).items():
                data = data.cast_column(column, feature)
            data.to_parquet(str(folder / config / f"{split}-00000-of-00001.parquet"))
            card += f"  - split: {split}\n    path: {config}/{split}-*\n"
    (folder / "README.md").write_text(f"{card}---\n# A data set\n", encoding="utf-8")
