"""Are words that were taught a few minutes ago heard from voices that were not? Needs espeak-ng.

    python -m benchmarks.taught_words [--seeds 3]

For each list of three words: five recordings a word by one voice of espeak-ng, speed and pitch varied; a network trained
anew; then eleven other voices (men and women) say each word at two speeds and pitches. Printed: how many are right (aim:
at least 90 %), and the seconds of training on the clock and of processor time (aim: under 5).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from core.lessons.multimodal.examples import SPOKEN
from core.speech.voice import speak, voice_here
from core.speech.word_classifier import WordClassifier, WordConfig

LISTS = (
    ("ko", ("사과", "바나나", "포도")), ("ko", ("하나", "둘", "셋")), ("ko", ("빨간 사과", "파란 하트", "고양이")),
    ("en", ("apple", "banana", "grape")), ("en", ("yes", "no", "stop")), ("en", ("cat", "rocket", "sunflower")),
)  # fmt: skip
VOICES = ("+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+f1", "+f2", "+f4", "+f5")
MANNERS = ((140, 45), (180, 60))  # words a minute, pitch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    if not voice_here():
        raise SystemExit("espeak-ng is not installed: apt-get install espeak-ng")
    WordClassifier(WordConfig(epochs=1)).fit({"a": [speak("one", "en")], "b": [speak("two", "en")]})  # warm
    print("words                          right of other voices       worst voice   clock   processor")
    every: list[bool] = []
    for language, words in LISTS:
        taught = {word: [speak(word, language, speed=s, pitch=p) for s, p in SPOKEN] for word in words}
        asked = [(k, voice, speak(word, language, speed=s, pitch=p, voice=voice))
                 for k, word in enumerate(words) for voice in VOICES for s, p in MANNERS]  # fmt: skip
        for seed in range(seeds):
            ear, began, worked = WordClassifier(WordConfig(seed=seed)), time.perf_counter(), time.process_time()
            ear.fit(taught)
            clock, work = time.perf_counter() - began, time.process_time() - worked
            found = ear.predict_proba([sound for *_, sound in asked]).argmax(axis=1)
            right = found == np.array([k for k, *_ in asked])
            by_voice = {voice: right[[heard == voice for _, heard, _ in asked]].mean() for voice in VOICES}
            worst = min(by_voice, key=by_voice.__getitem__)
            every += right.tolist()
            print(f"{' '.join(words):<28}  {right.sum():>3} of {len(right)}  {right.mean():6.1%}"
                  f"  {worst:>12} {by_voice[worst]:5.0%}  {clock:5.1f} s  {work:5.1f} s")  # fmt: skip
    print(f"all: {np.mean(every):.1%} of {len(every)}")


if __name__ == "__main__":
    main()
