"""How the chain does in other languages, on dialogues that we wrote and a speech synthesiser speaks.

Usage::

    apt-get install espeak-ng
    python pipelines/measure_languages.py          # the table of docs/languages.md
    python pipelines/measure_languages.py nl pt --given    # the language said, not left to be found

Two synthetic voices without overlap, noise or emotion are no counselling session, and espeak-ng sounds like a machine:
the words here are a check that a language works at all, not an estimate of how well it works with people.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

GAP = 0.6  # s between turns
VOICES = {"T": ("f2", 60, 140), "C": ("m3", 25, 150)}
"""Variant of espeak-ng, pitch (0 to 99) and words a minute."""

DIALOGUES = {
    "de": [
        ("T", "Guten Tag, schön, dass Sie heute gekommen sind. Was führt Sie zu mir?"),
        (
            "C",
            "Ich schlafe seit Wochen schlecht und bin jeden Morgen müde. Ich habe Angst, meine Arbeit zu verlieren.",
        ),
        ("T", "Sie machen sich große Sorgen. Wie lange geht das schon so?"),
        (
            "C",
            "Ich glaube, seit dem Sommer. Mein Chef hat gesagt, dass ich mehr arbeiten muss, und ich kann nicht.",
        ),
        ("T", "Ihre Frau unterstützt Sie. Was würde Ihnen helfen, am Abend zur Ruhe zu kommen?"),
        ("C", "Ich war früher oft im Wald. Ich denke, ich möchte wieder mehr draußen sein."),
    ],
    "es": [
        ("T", "Buenos días, gracias por venir hoy. ¿Qué le trae por aquí?"),
        ("C", "Yo no duermo bien desde hace semanas, y me siento muy cansado. Tengo miedo de perder mi trabajo."),
        ("T", "Usted está muy preocupado. ¿Desde cuándo le pasa esto?"),
        ("C", "Creo que desde el verano. Mi jefe me dijo que tengo que trabajar más, y yo no puedo más."),
        ("T", "Su mujer le apoya. ¿Qué le ayudaría a descansar por la noche?"),
        ("C", "Antes yo caminaba por el bosque. Creo que quiero estar más tiempo en la calle."),
    ],
    "fr": [
        ("T", "Bonjour, merci d'être venu aujourd'hui. Qu'est-ce qui vous amène ?"),
        (
            "C",
            "Je dors mal depuis des semaines, et je suis fatigué tous les matins. J'ai peur de perdre mon travail.",
        ),
        ("T", "Vous êtes très inquiet. Depuis combien de temps est-ce que cela dure ?"),
        ("C", "Je crois, depuis l'été. Mon chef m'a dit que je dois travailler plus, et je ne peux plus."),
        ("T", "Votre femme vous soutient. Qu'est-ce qui pourrait vous aider à dormir le soir ?"),
        ("C", "Avant, je marchais souvent dans la forêt. Je pense que je voudrais sortir plus."),
    ],
    "nl": [
        ("T", "Goedemorgen, fijn dat u vandaag gekomen bent. Wat brengt u hier?"),
        ("C", "Ik slaap al weken heel slecht, en ik ben elke morgen moe. Ik ben bang dat ik mijn werk verlies."),
        ("T", "U maakt zich grote zorgen. Hoe lang duurt dat al?"),
        ("C", "Ik denk sinds de zomer. Mijn baas zei dat ik meer moet werken, en ik kan gewoon niet meer."),
        ("T", "Uw vrouw steunt u. Wat zou u helpen om in de avond tot rust te komen?"),
        ("C", "Ik was vroeger vaak in het bos. Ik denk dat ik weer meer buiten wil zijn."),
    ],
    "pt": [
        ("T", "Bom dia, obrigado por ter vindo hoje. O que traz você aqui?"),
        ("C", "Eu durmo muito mal há semanas, e estou cansado todas as manhãs. Tenho medo de perder o meu trabalho."),
        ("T", "Você está muito preocupado. Há quanto tempo isso acontece?"),
        ("C", "Eu acho que desde o verão. Meu chefe me disse que tenho que trabalhar mais, e eu não consigo mais."),
        ("T", "Sua mulher apoia você. O que você acha que ajudaria a descansar à noite?"),
        ("C", "Antes eu andava muito na floresta. Eu acho que quero sair mais de casa."),
    ],
}
"""Who (therapist, client) says what, in turn."""


def speak(folder: Path, language: str) -> Path:
    """One dialogue as a recording, 16 bits, mono.

    Raises
    ------
    FileNotFoundError
        When there is no espeak-ng on this machine.
    """
    if shutil.which("espeak-ng") is None:
        raise FileNotFoundError("espeak-ng is not on this machine: apt-get install espeak-ng")
    parts: list[np.ndarray] = []
    rate = 0
    for who, text in DIALOGUES[language]:
        variant, pitch, speed = VOICES[who]
        said = folder / "said.wav"
        voice = "pt-br" if language == "pt" else language
        options = ["-v", f"{voice}+{variant}", "-p", str(pitch), "-s", str(speed), "-w", str(said)]
        subprocess.run(["espeak-ng", *options, text], check=True)
        with wave.open(str(said)) as file:
            rate = file.getframerate()
            parts += [np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16), silence(rate)]
    path = folder / f"{language}.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.concatenate(parts).tobytes())
    return path


def silence(rate: int) -> np.ndarray:
    """What lies between two turns."""
    return np.zeros(int(GAP * rate), dtype=np.int16)


def word_errors(language: str, heard: list[str]) -> float:
    """Word error rate of what was heard, without case and punctuation."""
    import jiwer

    from toolkit import lexicon

    truth = lexicon.tokens(text for _, text in DIALOGUES[language])
    return float(jiwer.wer(" ".join(truth), " ".join(lexicon.tokens(heard))))


def run(study: Path, languages: list[str], *, given: bool) -> None:
    """Take the dialogues of some languages through the command line, their language given or left to be found."""
    commands = [["init", str(study)]]
    for language in languages:
        recording = speak(study.parent, language)
        commands += [
            ["add", str(study), str(recording), "--session", language, "--therapist", "T01", "--client", "C01"]
            + (["--language", language] if given else []),
            ["consent", "grant", str(study), "--session", language, "--purpose", "measure", "--purpose", "transcript"],
        ]
    for command in [*commands, ["run", str(study)]]:
        subprocess.run([sys.executable, "-m", "toolkit", *command], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(DIALOGUES)}")
    parser.add_argument("--given", action="store_true", help="say the language when adding the recording")
    options = parser.parse_args()
    chosen = options.languages or list(DIALOGUES)
    from toolkit import store
    from toolkit.study import Study
    from toolkit.types import Missing

    print(
        "| spoken | found | word errors | turns (spoken) | roles | confidence |\n| --- | --- | --- | --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "study", chosen, given=options.given)
        study = Study.open(Path(folder) / "study")
        for language in chosen:
            result = store.load(study, language)
            assert not isinstance(result.words, Missing)  # consent covers the transcript
            errors = word_errors(language, [w.text for w in result.words])
            roles = result.dialogue.roles.values()
            named = ", ".join(str(a.role) for a in roles)
            sure = min((a.confidence for a in roles), default=0.0)
            turns = f"{len(result.dialogue.turns)} ({len(DIALOGUES[language])})"
            print(f"| {language} | {result.language} | {errors:.1%} | {turns} | {named} | {sure:.2f} |")


if __name__ == "__main__":
    main()
