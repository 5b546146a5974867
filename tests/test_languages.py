"""Other languages: lists as data, roles and syllables by them, missing with a reason where there is none."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import SETTINGS, Line, activity, words
from conftest import ROOT
from typer.testing import CliRunner

from toolkit import lexicon, measures, roles, settings, store, turns, wording
from toolkit.cli import app
from toolkit.errors import ConfigError
from toolkit.role_cues import cues_of, english, language_of
from toolkit.study import Study
from toolkit.syllables import count, syllables
from toolkit.types import AttributedWord, Dialogue, Missing, Need, Recording, Role, RoleSource, SpokenUtterance
from toolkit.utterances import split

LANGUAGES = ("de", "es", "fr", "nl", "pt")


@pytest.fixture
def dialogues(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, str]]]:
    monkeypatch.syspath_prepend(str(ROOT / "pipelines"))
    from measure_languages import DIALOGUES

    return DIALOGUES


# --- the lists


def test_every_language_the_issue_names_has_lists_roles_and_a_word_on_review():
    assert set(lexicon.available()) == {"en", *LANGUAGES}
    for code in LANGUAGES:
        text = lexicon.read(f"{code}.toml")
        assert "Sources:" in text
        assert lexicon.load(code).reviewed or "No native speaker has reviewed this file" in text
        assert set(lexicon.untold(code)) == {Need.FUNCTION_WORDS}
        assert cues_of(code) is not None


@pytest.mark.parametrize("code", ["en", *LANGUAGES])
def test_lists_are_written_as_words_are_looked_up(code):
    lists = lexicon.load(code)
    assert all(0 < len(b) <= SETTINGS.dialogue.backchannel_max_words for b in lists.backchannels)
    assert all(0 < len(q) <= 4 for q in lists.questions)
    assert not any(a.endswith(".") or a != a.lower() for a in lists.abbreviations)
    assert not [q for q in lists.questions if q in lists.backchannels]


USAGE = {
    "de": (
        ["Mhm.", "Ja, genau.", "Ach so.", "Okay, verstehe.", "Ja, klar."],
        ["Nein.", "Ja, aber nein.", "Ich gehe.", "Genau das."],
    ),
    "es": (
        ["Ajá.", "Sí, sí.", "Claro, claro.", "Ya veo.", "Vale, entiendo."],
        ["No.", "Sí, pero no.", "Me voy.", "Claro que no."],
    ),
    "fr": (
        ["Mm-hmm.", "Oui, oui.", "D'accord.", "C'est ça.", "Ah oui, je vois."],
        ["Non.", "Oui, mais non.", "J'y vais."],
    ),
    "nl": (
        ["Hm-hm.", "Ja, precies.", "Dat klopt.", "Oké, snap ik.", "Ja hoor."],
        ["Nee.", "Ja, maar nee.", "Ik ga weg."],
    ),
    "pt": (["Uhum.", "Sim, sim.", "Pois é.", "Tá bom, entendi.", "Claro."], ["Não.", "Sim, mas não.", "Vou embora."]),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_a_listener_says_is_a_backchannel_and_an_answer_is_none(code):
    lists = lexicon.load(code)
    are, are_none = USAGE[code]
    assert [t for t in are if not lists.all_backchannels(lexicon.tokens(t.split()))] == []
    assert [t for t in are_none if lists.all_backchannels(lexicon.tokens(t.split()))] == []


QUESTIONS = {
    "de": (["wie geht es ihnen", "okay was führt sie zu mir"], ["ich weiß nicht was ich will", "ja"]),
    "es": (["qué le trae por aquí", "vale cómo se siente"], ["no sé qué hacer"]),
    "fr": (["est-ce que vous dormez", "d'accord comment ça va"], ["je ne sais pas comment"]),
    "nl": (["hoe gaat het", "oké wat wilt u"], ["ik weet niet wat ik wil"]),
    "pt": (["o que você acha", "certo como está"], ["não sei o que fazer"]),
    "en": (["how are you", "okay what brings you here"], ["i know what you mean"]),
}


@pytest.mark.parametrize("code", QUESTIONS)
def test_questions_are_known_by_how_they_begin(code):
    lists = lexicon.load(code)
    asked, told = QUESTIONS[code]
    assert all(lists.asks(text.split()) for text in asked)
    assert not any(lists.asks(text.split()) for text in told)


def test_an_answer_to_a_question_without_a_mark_is_no_backchannel():
    said = activity("A 0-2, B 2.1-2.5, A 2.6-5")

    def backchannels(question: str) -> int:
        heard = [
            *words(Line("A", 0, 2, question)),
            *words(Line("B", 2.1, 2.5, "ja")),
            *words(Line("A", 2.6, 5, "gut so")),
        ]
        floor = turns.build(said, split(heard, SETTINGS.dialogue, language="de"), SETTINGS.dialogue, language="de")
        return len(floor.backchannels)

    assert backchannels("haben sie gut geschlafen") == 0
    assert backchannels("sie haben gut geschlafen") == 1


def test_an_abbreviation_and_a_word_of_one_letter():
    def texts(language: str, text: str) -> list[str]:
        return [u.text for u in split(words(Line("A", 0, 4, text)), SETTINGS.dialogue, language=language)]

    assert texts("de", "Ich war bei Dr. Weber heute.") == ["Ich war bei Dr. Weber heute."]
    assert texts("es", "Hablé con la Sra. Ruiz. Bien.") == ["Hablé con la Sra. Ruiz. Bien."]
    assert len(texts("pt", "Acho que é. Depois eu fui embora.")) == 2
    assert len(texts("de", "Das sagte Herr K. Danach ging ich.")) == 1


SYLLABLES = {
    "de": "ja 1 Beziehung 3 Familie 4 Therapie 3 Situation 4 beenden 3 Feuer 2 Museum 3 eigentlich 3 Klientin 3 "
    "Quelle 2 Theater 3 beeinflussen 4 fühlen 2 42 4 17 2 100 3",
    "es": "día 2 teatro 3 leer 2 muy 1 siguiente 3 guitarra 3 ciudad 2 país 2 rey 1 aunque 2 oír 2 creo 2 estoy 2 42 5",
    "fr": "femme 1 famille 2 petites 2 réalité 4 naïf 2 essayer 3 oublier 3 pays 2 j'ai 1 qu'il 1 étaient 2 42 3",
    "nl": "ja 1 geen 1 ideeën 3 geïnteresseerd 5 beantwoorden 4 situatie 4 station 2 moeilijk 2 zaterdag 3 42 4",
    "pt": "dia 2 família 3 história 3 muito 2 saúde 3 coração 3 mães 1 ainda 3 sair 2 sua 2 água 2 quando 2 42 5",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_syllables_of_the_hand_list(code):
    pairs = re.findall(r"(\S+) (\d+)(?= |$)", SYLLABLES[code])
    assert {w: syllables(w, code) for w, _ in pairs} == {w: int(n) for w, n in pairs}


# --- roles


def transcript(lines: list[tuple[str, str]]) -> list[SpokenUtterance]:
    found = []
    for i, (who, text) in enumerate(lines):
        own = tuple(AttributedWord(i, i + 0.5, w, 0.9, who) for w in text.split())
        found.append(SpokenUtterance(i, float(i), i + 0.5, who, len(own), len(own), own))
    return found


@pytest.mark.parametrize("code", LANGUAGES)
def test_roles_are_right_or_unknown_and_never_turned(code, dialogues):
    recording = Recording("s1", Path("s1.wav"), "t1", "c1", "", code, 2, 2, ())
    said = transcript(dialogues[code])
    named = roles.name(said, ["C", "T"], recording, SETTINGS.roles)
    assert (named["T"].role, named["C"].role) == (Role.THERAPIST, Role.CLIENT)
    assert {a.source for a in named.values()} == {RoleSource.LEXICAL}
    # English weights count half elsewhere: the same evidence makes less sure
    cues = cues_of(code)
    assert cues.trust == 0.5
    assert english().trust == 1
    first = [roles.name(said[:n], ["C", "T"], recording, SETTINGS.roles)["T"].role for n in range(len(said) + 1)]
    assert set(first) <= {Role.THERAPIST, Role.UNKNOWN}
    assert first[:2] == [Role.UNKNOWN, Role.UNKNOWN]


def test_the_language_of_words_is_known_by_the_commonest(dialogues):
    for code in LANGUAGES:
        heard = " ".join(text for _, text in dialogues[code]).split()
        assert language_of(heard) == code
        assert language_of(heard, said="en") == ""
        assert language_of(heard, said=f"{code}-XX") == code
    assert language_of([]) == ""
    finnish = "en tiedä enää mitä tehdä ja se on minusta hyvin vaikeaa mitä haluaisit itse tehdä asialle tänään"
    assert language_of(finnish.split()) == ""


# --- where there is no list


def dialogue(language: str) -> Dialogue:
    from builders import dialogue as built

    return replace(
        built([Line("therapist", 0, 4, "hyvää päivää teille"), Line("client", 5, 9, "hei")]),
        untold=lexicon.untold(language),
    )


def test_without_lists_the_measures_that_need_them_are_missing_with_the_reason():
    values = {(v.measure, v.role): v for v in measures.compute(dialogue("fi"), SETTINGS)}
    for name, what in (
        ("backchannel_count", "list of backchannels for 'fi'"),
        ("articulation_rate", "rules to count syllables for 'fi'"),
    ):
        value = values[name, "therapist"].value
        assert isinstance(value, Missing)
        assert what in value.reason
    assert not isinstance(values["talk_time", "therapist"].value, Missing)
    assert not isinstance(values["turn_count", "client"].value, Missing)
    german = {(v.measure, v.role): v.value for v in measures.compute(dialogue("de"), SETTINGS)}
    assert german["backchannel_count", "client"] == 0


def test_an_unknown_language_says_so():
    assert set(lexicon.untold("")) == {Need.BACKCHANNELS, Need.SYLLABLES, Need.FUNCTION_WORDS}
    assert "not known" in lexicon.untold("")[Need.SYLLABLES]


# --- lists of one's own


def study_with(folder: Path, **lists: str) -> settings.Settings:
    (folder / "lists").mkdir(parents=True)
    for name, text in lists.items():
        (folder / "lists" / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "toolkit.toml").write_text('[dialogue]\nlexicons = "lists"\n', encoding="utf-8")
    return settings.load(folder / "toolkit.toml")


FINNISH = (
    'name = "Finnish"\nreviewed = "A. Reviewer"\nbackchannels = ["joo", "niin", "ihan totta"]\nabbreviations = []\n'
)
FINNISH_ROLES = """least_common = 0.2
trust = 0.3
function_words = "ja en on se mitä"
[words]
you = "sinä sinun te teidän"
i = "minä minun"
[phrases]
ask = ["mitä te"]
"""


def test_a_folder_of_ones_own_adds_a_language_and_changes_one(tmp_path):
    own = study_with(
        tmp_path, fi=FINNISH, roles_fi=FINNISH_ROLES, de=lexicon.read("de.toml").replace('"genau", ', "")
    ).dialogue.lexicons
    assert "fi" in lexicon.available(own)
    assert lexicon.load("fi", own).all_backchannels(("joo", "ihan", "totta"))
    assert set(lexicon.untold("fi", own)) == {Need.SYLLABLES, Need.FUNCTION_WORDS}  # nobody wrote them
    assert cues_of("fi", own).weights == english().weights
    assert lexicon.load("de").all_backchannels(("genau",))
    assert not lexicon.load("de", own).all_backchannels(("genau",))
    assert lexicon.load("es", own) == lexicon.load("es")
    table = CliRunner().invoke(app, ["languages"])
    assert table.exit_code == 0
    assert "Finnish" not in table.output


def test_the_lists_that_the_documentation_shows_can_be_used(tmp_path):
    shown = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "languages.md").read_text(), flags=re.DOTALL)
    setting, smallest, ruled, cues, grammar = shown
    assert setting == '[dialogue]\nlexicons = "lists"\n'
    own = study_with(tmp_path / "a", fi=smallest, roles_fi=cues).dialogue.lexicons
    assert lexicon.load("fi", own).asks(("miksi", "ei"))
    assert cues_of("fi", own).trust == 0.5
    own = study_with(tmp_path / "b", fi=ruled, function_words_fi=grammar).dialogue.lexicons
    lists = lexicon.load("fi", own)
    assert [count(w, lists) for w in ("terapeutti", "keskustelu", "yö", "21")] == [4, 4, 1, 5 + 2]
    assert lexicon.untold("fi", own) == {}
    words = wording.load("fi", own)
    assert words is not None
    assert words.of("minäkin") == {"personal_pronouns", "first_singular", "adverbs"}


def test_a_changed_list_is_a_changed_setting_and_a_moved_study_is_none(tmp_path):
    first, second = study_with(tmp_path / "a", fi=FINNISH), study_with(tmp_path / "b", fi=FINNISH)
    assert settings.digest(first) == settings.digest(second)
    before = settings.digest(first)
    (tmp_path / "a" / "lists" / "fi.toml").write_text(FINNISH.replace("joo", "juu"), encoding="utf-8")
    assert settings.digest(settings.load(tmp_path / "a" / "toolkit.toml")) != before
    assert not lexicon.load("fi", first.dialogue.lexicons).all_backchannels(("joo",))


def test_a_folder_that_is_not_there_and_lists_that_are_wrong_are_refused(tmp_path):
    (tmp_path / "toolkit.toml").write_text('[dialogue]\nlexicons = "nowhere"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="no folder nowhere"):
        settings.load(tmp_path / "toolkit.toml")
    for text in ("backchannels = [", "abbreviations = []", FINNISH + '[syllable_rules]\nnucleus = "["\n'):
        folder = tmp_path / str(len(text))
        with pytest.raises(ConfigError, match=r"word list fi\.toml"):
            lexicon.load("fi", study_with(folder, fi=text).dialogue.lexicons)
    strange = study_with(tmp_path / "roles", roles_fi=FINNISH_ROLES.replace("i = ", "me = "))
    with pytest.raises(ConfigError, match="cue without a weight: me"):
        cues_of("fi", strange.dialogue.lexicons)


def test_the_command_lists_languages_and_reads_those_of_a_study(tmp_path):
    assert CliRunner().invoke(app, ["init", str(tmp_path / "st")]).exit_code == 0
    study_with(tmp_path / "own", fi=FINNISH)
    (tmp_path / "st" / "toolkit.toml").write_text('[dialogue]\nlexicons = "../own/lists"\n', encoding="utf-8")
    found = json.loads(CliRunner().invoke(app, ["languages", str(tmp_path / "st"), "--json"]).output)
    assert {row["code"] for row in found} == {"en", "fi", *LANGUAGES}
    assert [row["reviewed"] for row in found if row["code"] == "fi"] == ["A. Reviewer"]


# --- the real chain


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, model_store: dict[str, Path]) -> Study:
    """German and Spanish, spoken by espeak-ng, their language left to be found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "pipelines"))
        from measure_languages import speak
    folder = tmp_path_factory.mktemp("languages")
    study = folder / "study"
    lines = [["init", study]]
    for code in ("de", "es"):
        try:
            recording = speak(folder, code)
        except FileNotFoundError as error:
            pytest.skip(str(error))
        lines += [
            ["add", study, recording, "--session", code, "--therapist", "T01", "--client", "C01"],
            ["consent", "grant", study, "--session", code, "--purpose", "measure", "--purpose", "transcript"],
        ]
    for line in [*lines, ["run", study]]:
        result = CliRunner().invoke(app, [str(a) for a in line])
        assert result.exit_code == 0, result.output
    return Study.open(study)


@pytest.mark.models
@pytest.mark.parametrize("code", ["de", "es"])
def test_a_spoken_dialogue_goes_through_the_whole_chain(code, heard, dialogues, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "pipelines"))
    from measure_languages import word_errors

    result = store.load(heard, code)
    assert result.language == code
    assert word_errors(code, [w.text for w in result.words]) < 0.4
    assert len(result.dialogue.turns) == len(dialogues[code])
    # whoever speaks first is the therapist, or nobody is named
    first = result.dialogue.turns[0].speaker
    assert result.dialogue.role_of(first) in {Role.THERAPIST, Role.UNKNOWN}
    assert isinstance(result.dialogue.codes, Missing)
    assert f"language is '{code}'" in result.dialogue.codes.reason
    for value in result.measures:
        assert not isinstance(value.value, Missing) or value.value.reason
    values = {(v.measure, v.role): v.value for v in result.measures}
    assert 0.3 < values["talk_balance", "session"] < 0.7
    if result.dialogue.role_of(first) is Role.THERAPIST:
        assert values["turn_count", "therapist"] == 3
        assert 2 < values["articulation_rate", "client"] < 9
        assert isinstance(values["question_count", "therapist"], Missing)
