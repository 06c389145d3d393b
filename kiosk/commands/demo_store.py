"""A demonstration's records: operators whose PINs everybody may know, and patients whom nobody has met."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from edge_models.classifier import Classifier
from edge_models.triage import AdviceLevel
from kiosk.camera.phantom import PhantomCamera
from kiosk.camera.simulation import SimulatedDevice
from kiosk.clinical.body_site import BodySite
from kiosk.clinical.examination import ClinicalVerdict, Consent, Examination, ExaminationId, Phase
from kiosk.clinical.lesion import Lesion
from kiosk.clinical.operator import Operator, Role
from kiosk.clinical.patient import Patient, Sex
from kiosk.pipeline.assess import assess
from kiosk.pipeline.cores import Cores
from kiosk.records.keys import RFC_9106_SECOND_CHOICE
from kiosk.records.opening import open_store, set_up
from kiosk.records.slots import Slots, operator_slot
from kiosk.workflow.encoding import encoded

OPERATORS = (
    (Operator("d000000000000001", "Ada Demo", Role.ADMINISTRATOR), "271828"),
    (Operator("d000000000000002", "Cleo Demo", Role.CLINICIAN), "314159"),
    (Operator("d000000000000003", "Sam Demo", Role.SCREENER), "161803"),
)
"""Everybody at a demonstration, and their PINs, which the screen shows."""
PINS: Mapping[str, str] = {operator.id: pin for operator, pin in OPERATORS}
_DAYS_BACK = 240
_RATE_HZ = 1000.0


def make(folder: Path) -> None:
    """Make the store with all its operators."""
    (administrator, pin), *others = OPERATORS
    set_up(folder, administrator, pin, RFC_9106_SECOND_CHOICE)
    slots = Slots.read(folder)
    store, key = open_store(folder, slots.unlock(administrator.id, pin, None))
    try:
        for operator, other_pin in others:
            store.put_operator(operator, administrator.id)
            slot = operator_slot(
                slots.store_id, operator.id, operator.name, other_pin, RFC_9106_SECOND_CHOICE, None, [key]
            )
            slots = slots.with_slot(slot, [key])
        slots.write(folder)
    finally:
        store.close()


def fill(folder: Path, classifier: Classifier, patients: int, now: datetime, seed: int = 0) -> int:
    """Examine made-up patients with simulated pictures, as the kiosk would; the same seed makes the same patients.

    Args:
        folder: of the store.
        classifier: judges the simulated pictures.
        patients: how many.
        now: with a zone; the examinations lie before it.
        seed: decides everything but the ids.

    Returns:
        How many examinations there are.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    store, _ = open_store(folder, Slots.read(folder).unlock(OPERATORS[0][0].id, OPERATORS[0][1], None))
    count = 0
    device = SimulatedDevice("demonstration", _RATE_HZ)
    try:
        with Cores() as cores, PhantomCamera(seed, device=device) as camera:
            for number in range(patients):
                for examination, picture in _patient(chance, number, camera, classifier, cores, now):
                    store.save(examination, picture)
                    count += 1
    finally:
        store.close()
    return count


def _patient(
    chance: random.Random, number: int, camera: PhantomCamera, classifier: Classifier, cores: Cores, now: datetime
) -> list[tuple[Examination, bytes]]:
    """One patient's examinations: one or two lesions in one sitting, each with its picture."""
    age, sex = chance.randrange(18, 90), chance.choice((Sex.FEMALE, Sex.MALE))
    at = now - timedelta(days=chance.randrange(1, _DAYS_BACK), minutes=chance.randrange(600))
    visit_id = os.urandom(16).hex()
    made = []
    for site in chance.sample(list(BodySite)[:8], chance.choice((1, 1, 2))):
        side = chance.choice(site.sides) if site.sides else None
        patient = Patient(f"DEMO-{number + 1:03d}", age, sex, site, side)
        frame = replace(camera.capture(), captured_at=at)
        context, limits = patient.context(), patient.scope_limits()
        assessment = assess(frame, classifier, cores, now=at, context=context, limits=limits)
        picture, content = encoded(frame)
        examination = Examination(
            id=ExaminationId(os.urandom(16).hex()),
            visit_id=visit_id,
            patient=patient,
            lesion=Lesion(os.urandom(16).hex(), site, side),
            operator_id=OPERATORS[2][0].id,
            consent=Consent.CARE,
            assessment=replace(assessment, frame=None),
            picture=picture,
            verdicts=_verdicts(chance, at),
        )
        made.append((examination, content))
        at += timedelta(minutes=4)
    return made


def _verdicts(chance: random.Random, at: datetime) -> tuple[ClinicalVerdict, ...]:
    if chance.random() < 0.5:
        return ()
    level = chance.choice(list(AdviceLevel))
    return (ClinicalVerdict(Phase.AFTER, level, None, OPERATORS[1][0].id, at + timedelta(days=1)),)
