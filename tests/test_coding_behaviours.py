"""MITI's rarer codes and the markers, in hand-written talk: as written, and as a recogniser would write it."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.coding import behaviours, cues, permission, rules
from toolkit.coding.clauses import Clause, Token
from toolkit.settings import Settings
from toolkit.types import AttributedWord, Code, SpokenUtterance

CLIENT = "The garden took most of the weekend and then it rained"

POSITIVE = {
    Code.AFFIRM: [
        "You're a really caring father.",
        "It took a lot of courage to ring them yourself.",
        "You've worked really hard on this.",
        "I really admire your persistence with the physiotherapy.",
        "Thank you for being so honest about the bottles.",
        "You're the kind of person who keeps a promise.",
        "I'm impressed by how much you have changed at home.",
        "That's a huge accomplishment.",
        "It's great that you managed three evenings at home.",
        "You've taken a big step this month.",
        "You have a lot of determination.",
        "I can see how much you care about your daughter.",
        "That was very brave of you.",
        "You are clearly committed.",
    ],
    Code.SEEK_COLLABORATION: [
        "Would it be okay if I told you what others have tried?",
        "Is it all right if we talk about the tablets?",
        "Do you mind if I take some notes?",
        "Can I share some information with you?",
        "May I make a suggestion?",
        "What do you make of that?",
        "What are your thoughts on this?",
        "How does that sound to you?",
        "Where would you like to start?",
        "What would you like to talk about today?",
        "Would you be open to hearing more about that?",
        "What do you think of that idea?",
        "Does that plan sound okay? Does that work for you?",
        "What would be most helpful for us to do today?",
    ],
    Code.EMPHASIZE_AUTONOMY: [
        "It's really up to you.",
        "That is entirely your decision.",
        "Only you can know what fits your family.",
        "Nobody else can make that decision for you.",
        "You get to decide how fast we go.",
        "You're the boss here.",
        "It would be completely up to you.",
        "I can't decide that for you.",
        "Whatever you decide, I am here next week.",
        "The choice is yours.",
        "You're the one who has to make the decision.",
        "You have every right to say no.",
        "You're free to leave it as it is.",
    ],
    Code.CONFRONT: [
        "You're wrong about that.",
        "I think you're making excuses.",
        "That's just an excuse.",
        "You should be ashamed of yourself.",
        "How could you do that to your children?",
        "What were you thinking?",
        "You're an alcoholic.",
        "You're damaging your liver.",
        "You're putting your baby at risk.",
        "You will end up in hospital.",
        "It's going to kill you.",
        "You're being selfish.",
        "You don't even care about your kids.",
        "I don't believe that.",
        "It's your own fault.",
    ],
    Code.PERSUADE: [
        "You should stop smoking.",
        "You really need to quit.",
        "I think you should talk to your sister.",
        "If I were you, I would call the landlord.",
        "I recommend that you cut down to two glasses.",
        "I'd strongly suggest taking the tablets in the morning.",
        "My advice is to leave the car at home.",
        "Why don't you try a shorter walk?",
        "You ought to see a dentist.",
        "You'd be better off without him.",
        "I want you to stop drinking at lunch.",
        "I wish you would quit.",
        "It would be better if you went to bed earlier.",
        "You might want to consider a nicotine patch.",
        "You must stop lifting these boxes.",
    ],
    Code.FEELING: [
        "I feel sad.",
        "I'm so worried about my son.",
        "It scares me.",
        "I was ashamed of it.",
        "I've been feeling really lonely lately.",
        "I felt guilty when I left.",
        "That makes me angry.",
        "I get very nervous in shops.",
        "I'm a bit embarrassed to say it.",
        "I have so much anger.",
        "I worry about the rent every night.",
        "I'm sick of the arguments.",
        "It broke my heart.",
        "I was kind of scared in there.",
    ],
    Code.FACILITATE: [
        "Mm-hmm.",
        "Yeah.",
        "Okay, right.",
        "I see.",
        "Uh-huh, yeah.",
        "Oh, wow.",
        "Um, okay.",
        "Sure, sure.",
        "Really?",
        "Got it.",
        "Right, right, yeah.",
        "Mm -hmm.",
    ],
}
NEGATIVE = {
    Code.AFFIRM: [
        "Great.",
        "Good job!",
        "That's wonderful.",
        "Well done, very good.",
        "Thanks for coming in today.",
        "Do you think you're a strong person?",
        "You don't feel you're a good mother.",
        "You want to be a good father.",
        "If you're strong, it will pass.",
        "You're not brave enough to tell him.",
        "You need to make more of an effort.",
        "I appreciate it.",
        "The coffee is very strong.",
        "My brother is a good father.",
        "You should put more effort into it.",
    ],
    Code.SEEK_COLLABORATION: [
        "What do you think made him leave?",
        "She asked me if it was okay if she stayed.",
        "How did that sound to your boss when he heard it?",
        "It's okay to be tired.",
        "I can share a room with my brother.",
        "Where did you start?",
        "What did you talk about with him?",
        "Do you like the new job?",
        "You don't mind the noise.",
        "It sounds like the nights are long.",
        "What does your wife think?",
        "I'll show you the form.",
        "Can you tell me how old he is?",
    ],
    Code.EMPHASIZE_AUTONOMY: [
        "It wasn't up to you.",
        "It's not your choice any more.",
        "If it's up to you, where would they live?",
        "When you decide, call the desk.",
        "Did you decide to go?",
        "He walked up to you in the street.",
        "You felt it was your decision.",
        "So you decided to leave.",
        "It's up to the doctor.",
        "The decision was made by the court.",
        "Is it your choice?",
        "You say it's your choice.",
        "They live in your house.",
    ],
    Code.CONFRONT: [
        "You feel you're wrong about it.",
        "You're afraid you're damaging your liver.",
        "It sounds like you're putting yourself at risk.",
        "I'm not saying you're an alcoholic.",
        "Your wife thinks you're making excuses.",
        "It's not your fault.",
        "Do you think you're an alcoholic?",
        "So you're ruining your weekends.",
        "You're worried it's going to kill you.",
        "If you're wrong, nothing is lost.",
        "I might be wrong, but it seems late.",
        "Smoking is a risk for the lungs.",
        "You told them you're lying awake.",
        "There was something wrong with the car.",
    ],
    Code.PERSUADE: [
        "What do you think you should do?",
        "You feel like you should stop smoking.",
        "Your mother says you should eat more.",
        "You know you need to quit.",
        "So you need to find another flat.",
        "You should have received a letter.",
        "You should be proud of yourself.",
        "If you think you should go, go.",
        "It sounds like you need to rest.",
        "You don't need to tell me.",
        "I'm not going to tell you that you should quit.",
        "What would you recommend?",
        "There are patches, gum and tablets.",
        "The doctor recommends two tablets a day.",
        "Make sure I understood you.",
        "Why don't you tell me about the week?",
        "You must be tired.",
        "I'm going to ask some questions.",
        "We can look at the habits you might want to change.",
        "Why don't you start by telling me about the week?",
    ],
    Code.FEELING: [
        "I feel like it is late.",
        "I feel that you are right.",
        "I'm not worried.",
        "I don't feel sad at all.",
        "I'm happy to help with that.",
        "I'm afraid I can't come on Monday.",
        "You feel sad.",
        "She was ashamed.",
        "They say I'm angry.",
        "I feel fine.",
        "I'm tired.",
        "I hurt my ankle.",
        "I lost my keys.",
        "It doesn't scare me.",
        "Do you think I'm jealous?",
        "As far as I'm concerned, it can stay.",
    ],
    Code.FACILITATE: [
        "No.",
        "Yeah, I drink every day.",
        "Okay, so tell me more.",
        "Um.",
        "",
        "…",
        "I see my brother.",
        "Thank you.",
        "Sure it was.",
        "Two.",
        "Right after lunch.",
        "I know him.",
    ],
}
GOOD = [(c, t) for c, texts in POSITIVE.items() for t in texts]
BAD = [(c, t) for c, texts in NEGATIVE.items() for t in texts]


@pytest.fixture(scope="session")
def coder(model_store):
    assert model_store
    return rules.create(Settings())


def like_asr(text):
    return re.sub(r"[^\w\s'-]", "", text).lower()


def said(index, speaker, text):
    words = tuple(AttributedWord(index, index + 0.5, w, 0.9, speaker) for w in text.split(" ") if w)
    return SpokenUtterance(index, float(index), index + 0.5, speaker, len(words), len(words), words)


def last(coder, *lines):
    """The codes of the last line; a line is "T: words" or "C: words"."""
    spoken = [said(i, line[0], line[3:]) for i, line in enumerate(lines)]
    return coder.code(spoken, language="en")[-1].codes


def kinds(coder, *lines):
    return {c.code for c in last(coder, *lines)}


@pytest.mark.models
@pytest.mark.parametrize(("code", "text"), GOOD)
def test_what_is_coded(coder, code, text):
    assert code in kinds(coder, f"C: {CLIENT}", f"T: {text}")


@pytest.mark.models
@pytest.mark.parametrize(("code", "text"), GOOD)
def test_what_is_coded_in_recognised_text(coder, code, text):
    assert code in kinds(coder, f"C: {like_asr(CLIENT)}", f"T: {like_asr(text)}")


@pytest.mark.models
@pytest.mark.parametrize(("code", "text"), BAD)
def test_what_is_not_coded(coder, code, text):
    assert code not in kinds(coder, f"C: {CLIENT}", f"T: {text}")


@pytest.mark.models
@pytest.mark.parametrize(("code", "text"), BAD)
def test_what_is_not_coded_in_recognised_text(coder, code, text):
    assert code not in kinds(coder, f"C: {like_asr(CLIENT)}", f"T: {like_asr(text)}")


ADVICE = "T: I think you should walk to work."
GIVEN = {
    "asked, and the other agreed": ("T: Can I make a suggestion?", "C: Sure."),
    "agreed with a nod": ("T: Would it be okay if I told you what helps others?", "C: Mm-hmm."),
    "agreed in words": ("T: May I share some ideas?", "C: Go ahead, I would like that."),
    "agreed, and a little was said since": ("T: Can I offer some advice?", "C: Yes, please.", "T: Good.", "C: Mm-hmm."),
    "leave to inform": ("T: Can I share some information with you?", "C: Okay."),
    "the other was interested": ("T: Would you be interested in hearing what helps others?", "C: Yeah."),
    "another agreed first, then talked on": ("T: Can I make a suggestion?", "C: Sure.", "C: My knee is stiff again."),
    "asked for advice": ("C: What should I do?",),
    "asked what the other suggests": ("C: What would you suggest?",),
    "asked for tips": ("C: Do you have any tips?",),
    "asked how": ("C: How can I get there without the car?",),
    "choice stressed just before": ("C: The bus is late.", "T: It's up to you."),
    "choice stressed before a nod": ("C: The bus is late.", "T: That's your decision.", "C: Mm-hmm."),
}
WITHOUT = {
    "nothing was asked": ("C: The bus is late.",),
    "refused": ("T: Can I make a suggestion?", "C: No, not now."),
    "refused politely": ("T: Can I make a suggestion?", "C: I'd rather not hear one."),
    "leave to look at a form": ("T: Is it okay if we look at the form?", "C: Sure."),
    "leave long ago": ("T: Can I make a suggestion?", "C: Sure.", *["T: We met in May.", "C: It rained in May."] * 5),
    "the choice in another volley": ("T: It's up to you.", "C: The bus is late and I am cold."),
    "the other asked about something else": ("C: Should we open the window?", "T: Yes.", "C: The bus is late."),
    "the adviser asked, not the other": ("T: What should I do?", "C: The bus is late."),
    "choice denied": ("C: The bus is late.", "T: It's not your choice."),
    "the other asked long ago": ("C: What should I do?", *["T: We met in May.", "C: It rained in May."] * 3),
    "the other offered, not asked": ("C: Can I make a suggestion?", "T: Sure.", "C: The bus is late."),
    "a question that is no leave": ("T: Do you like walking?", "C: Sure."),
}
OPEN = {
    "not answered": ("C: The bus is late.", "T: Can I make a suggestion?"),
    "not clear": ("T: Can I make a suggestion?", "C: The bus is late."),
}
INFORMAL = [*GIVEN.values(), *WITHOUT.values(), *OPEN.values()]


@pytest.mark.models
@pytest.mark.parametrize("before", GIVEN.values(), ids=GIVEN)
def test_advice_with_permission(coder, before):
    found = kinds(coder, *before, ADVICE)
    assert Code.PERSUADE_WITH_PERMISSION in found
    assert Code.PERSUADE not in found


@pytest.mark.models
@pytest.mark.parametrize("before", WITHOUT.values(), ids=WITHOUT)
def test_advice_without_permission(coder, before):
    found = kinds(coder, *before, ADVICE)
    assert Code.PERSUADE in found
    assert Code.PERSUADE_WITH_PERMISSION not in found


@pytest.mark.models
@pytest.mark.parametrize("before", OPEN.values(), ids=OPEN)
def test_advice_while_leave_is_open_has_no_code(coder, before):
    assert not kinds(coder, *before, ADVICE) & {Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION}


@pytest.mark.models
@pytest.mark.parametrize("before", INFORMAL)
def test_permission_is_the_same_in_recognised_text(coder, before):
    written = kinds(coder, *before, ADVICE)
    heard = kinds(coder, *(line[:3] + like_asr(line[3:]) for line in (*before, ADVICE)))
    both = {Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION}
    assert written & both == heard & both


@pytest.mark.models
def test_what_the_client_must_do_in_their_own_words_is_no_order(coder):
    assert Code.PERSUADE in kinds(coder, "C: The flat is damp.", "T: You need to find another flat.")
    assert Code.PERSUADE not in kinds(coder, "C: I need to find another flat.", "T: You need to find another flat.")


@pytest.mark.models
def test_a_label_handed_back_is_no_label(coder):
    assert Code.CONFRONT in kinds(coder, "C: My wife complains.", "T: You're an addict.")
    assert Code.CONFRONT not in kinds(coder, "C: I am an addict.", "T: You're an addict.")


@pytest.mark.models
def test_the_evidence_is_the_words_of_the_cue(coder):
    text = "Well, um, it rained, but it's it's really up to you."
    (code,) = (c for c in last(coder, f"T: {text}") if c.code is Code.EMPHASIZE_AUTONOMY)
    assert text.split()[code.first_word : code.last_word + 1] == ["it's", "really", "up", "to", "you."]
    assert (code.coder, code.rule, code.answers) == ("rules", "autonomy.up_to_you", -1)


@pytest.mark.models
def test_the_basis_of_permission_is_the_rule(coder):
    for before, rule in [
        (GIVEN["asked, and the other agreed"], "permission.given"),
        (GIVEN["asked for advice"], "permission.invited"),
        (GIVEN["choice stressed just before"], "permission.choice"),
    ]:
        found = {c.code: c.rule for c in last(coder, *before, ADVICE)}
        assert found[Code.PERSUADE_WITH_PERMISSION] == rule


@pytest.mark.models
def test_one_of_each_code_and_only_codes_the_coder_names(coder):
    text = "You should stop. You ought to stop. It's up to you. It's your choice. I feel sad."
    found = [c.code for c in last(coder, f"C: {CLIENT}", f"T: {text}")]
    assert len(found) == len(set(found))
    assert {Code.EMPHASIZE_AUTONOMY, Code.PERSUADE_WITH_PERMISSION, Code.FEELING} <= set(found)
    assert set(found) <= coder.codes


@pytest.mark.models
def test_rarer_codes_come_after_reflection_and_question(coder):
    text = "It sounds like the rain spoiled the garden. What would you like to do? It's up to you."
    found = [c.code for c in last(coder, f"C: {CLIENT}", f"T: {text}")]
    assert found[-1] is Code.EMPHASIZE_AUTONOMY
    assert len(found) == 3


@pytest.mark.models
def test_whoever_speaks_gets_the_code(coder):
    for speaker in "TC":
        assert Code.FEELING in kinds(coder, f"{speaker}: I feel sad.")
        assert Code.FACILITATE in kinds(coder, f"{speaker}: Mm-hmm.")
        assert Code.PERSUADE in kinds(coder, f"{speaker}: You should stop smoking.")


def test_the_coder_names_every_code_it_can_give():
    assert rules.RuleCoder.codes > behaviours.CODES
    assert Code.GIVING_INFORMATION not in rules.RuleCoder.codes
    assert not {Code.CHANGE_TALK, Code.SUSTAIN_TALK, Code.NEUTRAL, Code.OTHER} & rules.RuleCoder.codes


def test_every_table_of_the_rule_file_is_read_and_every_list_is_there():
    book = tomllib.loads(files("toolkit.coding").joinpath("behaviours_en.toml").read_text(encoding="utf-8"))
    assert set(book) - {"lists"} <= set(cues.TABLES)
    first = tomllib.loads(files("toolkit.coding").joinpath("rules_en.toml").read_text(encoding="utf-8"))
    assert not set(first) & set(book) - {"lists"}
    assert not set(first["lists"]) & set(book["lists"])
    lists = cues.book()["lists"]
    for table in set(book) - {"lists"}:
        for rows in book[table].values():
            for row in rows:
                assert cues.row_tokens(row, lists)


def clause(text, **found):
    tokens = tuple(Token(w, w, "NOUN", "NN", i) for i, w in enumerate(text.split()))
    return Clause(tokens, 0, marked=False, ended=True, cues={k.replace("__", "."): v for k, v in found.items()})


def utterance(speaker, text, **found):
    return permission.Said(speaker, tuple(text.split()), (clause(text, **found),))


def test_a_cue_against_it_counts_only_near_before_or_over_the_hit():
    text = "a b c d e f g h i j k l m n o p"
    for place, coded in [((0, 1), True), ((3, 4), True), ((4, 5), False), ((11, 12), False), ((13, 14), True)]:
        found = behaviours.find(utterance("T", text, affirm__x=(10, 12), affirm_not__y=place), ())
        assert [c.code for c in found] == ([Code.AFFIRM] if coded else [])


def test_leave_lasts_eight_utterances():
    ask = utterance("T", "may i suggest", seek__permission=(0, 2), context__offer=(0, 2))
    yes = utterance("C", "go ahead", context__agrees=(0, 1))
    talk = utterance("C", "the bus was late")
    advice = utterance("T", "you should walk", persuade__directive=(0, 1))
    for more, code in [(6, Code.PERSUADE_WITH_PERMISSION), (7, Code.PERSUADE)]:
        (found,) = behaviours.find(advice, [ask, yes, *[talk] * more])
        assert found.code is code


@given(
    st.lists(st.tuples(st.sampled_from("TC"), st.sampled_from(["yeah", "the bus", "go ahead now"])), max_size=20),
    st.integers(0, 12),
)
def test_what_is_older_than_the_reach_changes_nothing(lines, extra):
    names = ("seek__permission", "context__offer", "context__agrees", "autonomy__up_to_you", "context__invites")
    before = [utterance(s, t, **{names[i % 5]: (0, 0)}) for i, (s, t) in enumerate(lines)]
    advice = utterance("T", "you should walk", persuade__directive=(0, 1))
    window = before[-behaviours.REACH :]
    old = [utterance("C", "what should i do", context__invites=(0, 1))] * extra
    if len(window) == behaviours.REACH:
        assert behaviours.find(advice, old + window) == behaviours.find(advice, window)
    found = {c.code for c in behaviours.find(advice, before)}
    assert len(found & {Code.PERSUADE, Code.PERSUADE_WITH_PERMISSION}) <= 1


@given(st.lists(st.sampled_from(["yeah", "mm-hmm", "okay,", "right", "i see", "um"]), min_size=1, max_size=8))
def test_backchannels_stay_backchannels_together(words):
    said_words = tuple(" ".join(words).split())
    assert behaviours.facilitates(said_words) == any(w != "um" for w in words)
    assert not behaviours.facilitates((*said_words, "tomato"))
