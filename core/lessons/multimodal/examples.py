"""Recordings to try the word classifier with before anybody has spoken: espeak-ng's voice, or vowels from a formula.

Made on the spot, never shipped: the page says which of the two it was.
"""

from __future__ import annotations

from core.files.sounds import Sound
from core.speech import formula_sounds
from core.speech.voice import speak, voice_here

WORDS = {"ko": ("사과", "바나나", "포도"), "en": ("apple", "banana", "grape")}
SPOKEN = ((130, 30), (150, 60), (160, 50), (175, 40), (190, 70))  # speed in words a minute, pitch 0–99
OTHERS = ("+f2", "+m3", "+f5", "+m7")  # voices that were not taught
VOWELS = {"ko": ("아", "이", "우"), "en": ("ah", "ee", "oo")}
PITCHES = (100.0, 115.0, 130.0, 145.0, 160.0)  # Hz


def origin() -> str:
    """Where the examples come from here: espeak (if it is installed) or formula."""
    return "espeak" if voice_here() else "formula"


def recordings(language: str = "ko") -> dict[str, list[Sound]]:
    """Three words, five recordings each, of varied speed and pitch."""
    if origin() == "espeak":
        words = WORDS[language]
        return {word: [speak(word, language, speed=s, pitch=p) for s, p in SPOKEN] for word in words}
    names = VOWELS[language]
    return {name: [formula_sounds.vowel(k, pitch) for pitch in PITCHES] for k, name in enumerate(names)}


def others(language: str = "ko") -> list[tuple[str, Sound]]:
    """The same words by voices that were not taught: (word, recording)."""
    if origin() == "espeak":
        return [(word, speak(word, language, voice=voice)) for word in WORDS[language] for voice in OTHERS]
    return [
        (name, formula_sounds.vowel(k, p))
        for k, name in enumerate(VOWELS[language])
        for p in (90.0, 175.0, 190.0, 205.0)
    ]
