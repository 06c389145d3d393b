"""What people may know of a published model (Mitchell et al. 2019, doi:10.1145/3287560.3287596)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from edge_models.decision import Decision
from edge_models.labels import LesionClass
from reporting.document import to_markdown
from training.evaluate import OTHER_FINDINGS
from training.level_tables import told_blocks
from training.report_sources import group_table, refused_table
from training.strata import SQUAMOUS

TEXTS = {
    "training_data": "HAM10000 (Tschandl, Rosendahl, Kittler 2018, doi:10.1038/sdata.2018.161), © ViDIR Group, "
    "Medical University of Vienna, CC BY-NC 4.0; ImageNet weights of MobileNetV2 from Keras Applications",
    "licence": "CC BY-NC 4.0, as the training data: not for commercial use",
    "intended_use": "Decision support for trained staff who take dermatoscopic images: a prediction, never a "
    "diagnosis. Not a medical device.",
    "not_tested_on": "dark skin types (Fitzpatrick V and VI are almost absent from the data), children, nails, mucosa, "
    "lesions outside the seven classes (squamous cell carcinoma among them), dermatoscopes unlike the data's",
}
"""The manifest's fixed texts, of a model of HAM10000 alone."""
_SEVERAL = {
    "training_data": TEXTS["training_data"].replace(
        "; ImageNet",
        "; MILK10k, © MILK study team, CC BY-NC 4.0; melanomas and seborrhoeic keratoses of ISIC 2017, CC0; ImageNet",
    ),
    "not_tested_on": TEXTS["not_tested_on"].replace(
        "(squamous cell carcinoma among them)", "(but for squamous cell carcinoma, which counts as akiec)"
    ),
}


def texts(sources: Collection[str]) -> dict[str, str]:
    """The manifest's texts of a model that was trained on these sources."""
    return TEXTS | (_SEVERAL if len(sources) > 1 else {})


_ROWS = [
    ("Images", "images", "{:d}"),
    ("Lesions", "lesions", "{:d}"),
    ("Balanced multiclass accuracy (equal priors)", "balanced_accuracy", "{:.3f}"),
    ("Top-1 accuracy (calibrated prior)", "top1_accuracy", "{:.3f}"),
    ("Top-3 accuracy (calibrated prior)", "top3_accuracy", "{:.3f}"),
    ("Expected calibration error, 15 bins", "expected_calibration_error", "{:.3f}"),
    ("Malignant: area under the ROC curve", "malignant_auc", "{:.3f}"),
    ("Evidence of a referral: area under the ROC curve", "evidence_auc", "{:.3f}"),
    ("Malignant lesions referred", "referral_sensitivity", "{:.3f}"),
    ("Benign lesions not referred", "referral_specificity", "{:.3f}"),
    ("Melanoma: area under the ROC curve", "melanoma_auc", "{:.3f}"),
    ("Melanomas that are named", "melanoma_sensitivity", "{:.3f}"),
    ("Others of which melanoma is not named", "melanoma_specificity", "{:.3f}"),
    ("Conformal set: coverage", "conformal_coverage", "{:.3f}"),
    ("Conformal set: mean size", "conformal_mean_size", "{:.2f}"),
    ("Unsure: no class shown", "unsure", "{:.3f}"),
    ("Refused as unfamiliar", "refused_as_unfamiliar", "{:.3f}"),
]

_INTEGER_ROWS = [
    ("Balanced multiclass accuracy before rounding to integers (float32)", "float32_balanced_accuracy", "{:.3f}"),
    ("Same likeliest class before and after rounding", "same_class", "{:.1%}"),
]
_CONTEXT_ROWS = {
    "balanced_accuracy": "Balanced multiclass accuracy",
    "top1_accuracy": "Top-1 accuracy",
    "malignant_auc": "Malignant: area under the ROC curve",
    "referral_sensitivity": "Malignant lesions referred",
    "referral_specificity": "Benign lesions not referred",
    "melanoma_auc": "Melanoma: area under the ROC curve",
    "melanoma_sensitivity": "Melanomas that are named",
    "melanoma_specificity": "Others of which melanoma is not named",
    "urgent_sensitivity": "Melanomas referred urgently",
    "urgent_specificity": "Others not referred urgently",
    "expected_calibration_error": "Expected calibration error, 15 bins",
}


def model_card(document: Mapping[str, Any], *, reported: bool = True) -> str:
    """The model card (Mitchell et al. 2019, doi:10.1145/3287560.3287596) of a manifest, as Markdown.

    Args:
        document: the manifest, with figures.
        reported: whether docs/model/ has a report of the model, to point to.
    """
    figures: Mapping[str, Any] = document["figures"]
    lesions = {name: values for name, values in figures.items() if "balanced_accuracy" in values}
    table = [["Figure", *lesions], ["---", *("---:" for _ in lesions)]]
    table += [[title, *(form.format(values[key]) for values in lesions.values())] for title, key, form in _ROWS]
    for lesion in LesionClass:
        cells = [values["recall"].get(lesion.code) for values in lesions.values()]
        table.append([f"Recall: {lesion.full_name}", *("–" if cell is None else f"{cell:.3f}" for cell in cells)])
    for title, key, form in _INTEGER_ROWS:
        if all("integers" in values for values in lesions.values()):
            table.append([title, *(form.format(values["integers"][key]) for values in lesions.values())])
    inferences = len(document["members"]) * len(document["views"])
    sizes = " and ".join(f"{size} × {size}" for size in dict.fromkeys(document["input_size_px"]))
    photos = figures["not_lesions"]
    return f"""# {document["model_id"]}

MobileNetV2 with full-integer (int8) weights and activations: {len(document["members"])} network(s) ×
{len(document["views"])} views = {inferences} inferences a picture, {sizes} pixels each.

## Intended use

{document["intended_use"]}

## Data and licence

{document["training_data"]}.

{document["licence"]}.

Split by lesion: no lesion of the validation or calibration part was trained on. The validation part chose the views,
the recipe and the members; the calibration part and the official ISIC 2018 Task 3 validation images were in view when
that was done, so both columns may flatter. Temperature, biases and thresholds come from the calibration part.
The ISIC 2018 Task 3 test split was never seen.

## Figures

Measured by `python -m training evaluate` on the published int8 files, through the kiosk's own classifier.

{_markdown(table)}

{_told(lesions, Decision.from_json(document["decision"], context="context" in document))}\
{_context(lesions)}\
{_report(document["model_id"]) if reported else ""}\
{_groups(lesions)}\
Of {photos["images"]} everyday photos that nothing was fitted on, {photos["refused_as_unfamiliar"]:.1%} are refused as
not a dermatoscopic image.{_clinic(figures)}

## Where it fails

- Never tested on {document["not_tested_on"]}.
- It knows seven classes and calls every lesion one of them; the familiarity check refuses what is not a dermatoscopic
  image, not a lesion of an eighth class.{_others(figures)}
- Dermatofibroma, vascular lesions and actinic keratosis are rare in the data: their figures rest on few lesions.
- The probabilities hold for the class frequencies of a specialist's clinic (those of HAM10000), where melanoma is far
  more frequent than in the population; elsewhere they are too high for malignant classes.
- Amelanotic melanoma and melanoma on heavily sun-damaged skin are known to be hard for such models.
- Low-resolution training pictures (400 × 300): detail finer than that was never seen.
"""


def _groups(lesions: Mapping[str, Mapping[str, Any]]) -> str:
    """Sections on skin tone, proof and squamous carcinoma, of the data sets where these are known."""
    named = {name: values["strata"] for name, values in lesions.items() if SQUAMOUS in values.get("strata", {})}
    sections = [
        f"### {name}: skin tone, proof, squamous carcinoma\n\n{_group_rows(of_it)}\n\n" for name, of_it in named.items()
    ]
    if sections:
        sections.append(
            "Squamous carcinoma has no class of its own: its evidence counts as akiec, and it is referred as that is.\n"
            "The thresholds hold in each source that was trained on, not in every clinic: judge them on verified\n"
            "cases of your own before you trust them.\n\n"
        )
    return "".join(sections)


def _group_rows(strata: Mapping[str, Mapping[str, float]]) -> str:
    """The groups of one data set as a Markdown table."""
    head, *rows = group_table(strata)
    return _markdown([head, ["---", *("---:" for _ in head[1:])], *rows])


def _clinic(figures: Mapping[str, Any]) -> str:
    """What else a clinic's kiosk sees, by kind, where that was measured."""
    kinds = [row for row in refused_table(figures)[1:] if row[0] != "everyday photos"]
    return (
        " Of other pictures without a lesion: " + ", ".join(f"{k} {r} of {n}" for k, n, r in kinds) + "."
        if kinds
        else ""
    )


def _report(model_id: str) -> str:
    return (
        "Intervals, strata by age, sex and site, plots and what was not measured: "
        f"`docs/model/{model_id}/report.md`\nin the project's source.\n\n"
    )


def _others(figures: Mapping[str, Any]) -> str:
    """What it says of lesions outside its classes, where that was measured."""
    if OTHER_FINDINGS not in figures:
        return ""
    of_it = figures[OTHER_FINDINGS]
    return (
        f" Of {of_it['images']} pictures of other findings\n  {of_it['referred']:.1%} are referred, "
        f"{of_it['unsure']:.1%} called unsure and {of_it['refused_as_unfamiliar']:.1%} refused."
    )


def _told(lesions: Mapping[str, Mapping[str, Any]], decision: Decision) -> str:
    """A section on the levels of the rule, where they were measured."""
    if not all("levels" in values for values in lesions.values()):
        return ""
    return f"### What the operator is told\n\n{to_markdown(told_blocks(lesions, decision))}\n"


def _context(lesions: Mapping[str, Mapping[str, Any]]) -> str:
    """A section on what age, sex and site change, where that was measured."""
    if not all("with_context" in values for values in lesions.values()):
        return ""
    table = [["Without → with", *lesions], ["---", *("---:" for _ in lesions)]]
    for key, title in _CONTEXT_ROWS.items():
        cells = (f"{values[key]:.3f} → {values['with_context'][key]:.3f}" for values in lesions.values())
        table.append([title, *cells])
    return f"""### Age, sex and body site

Optional: what is left out changes nothing. Log-odds by age band, sex and site, fitted on training lesions and weighted
on calibration lesions, are added to the evidence of the picture. Where any of them is known, thresholds that were
fitted with them apply.

{_markdown(table)}

"""


def _markdown(table: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in table)
