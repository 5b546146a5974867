"""CAM++: its form, its two halves, and that real voices come out apart."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from toolkit.backends.campplus import CAMPPlus, CampplusEmbedding, stretch  # noqa: E402


@pytest.fixture(scope="module")
def network() -> CAMPPlus:
    torch.manual_seed(0)
    return CAMPPlus().eval()


@pytest.fixture(scope="module")
def noise():
    return torch.randn(2, 1, 32_000, generator=torch.Generator().manual_seed(1)) * 0.1


def test_the_form_is_that_of_the_published_weights(network) -> None:
    assert len(network.state_dict()) == 937
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(6.9e6, rel=0.05)


def test_both_halves_give_what_the_whole_gives(network) -> None:
    features = torch.randn(1, 80, 300, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        frames = network.frames(features)
        halves = network.embed(frames, torch.ones(1, frames.shape[-1]))
        assert frames.shape == (1, 512, 150)
        assert torch.allclose(network(features), halves)


def test_pooling_reads_only_the_frames_of_the_mask(network) -> None:
    frames = torch.randn(1, 512, 100, generator=torch.Generator().manual_seed(3))
    mask = torch.zeros(1, 100)
    mask[:, :40] = 1
    changed = frames.clone()
    changed[..., 40:] = 7.0
    with torch.inference_mode():
        assert torch.allclose(network.embed(frames, mask), network.embed(changed, mask))
        assert torch.allclose(
            network.embed(frames, mask), network.embed(frames[..., :40], torch.ones(1, 40)), atol=1e-5
        )
        assert not torch.allclose(network.embed(frames, mask), network.embed(frames, 1 - mask))


def test_pooled_deviation_is_unbiased(network) -> None:
    frames = torch.randn(1, 512, 50, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        statistics = torch.cat([frames.mean(-1), frames.std(-1)], dim=-1)
        expected = network.xvector.dense(statistics)
        assert torch.allclose(network.embed(frames, torch.ones(1, 50)), expected, atol=1e-4)


def test_too_little_speech_has_no_embedding(network, noise) -> None:
    masks = torch.ones(2, 100)
    masks[1] = 0
    found = CampplusEmbedding(network)(noise, masks)
    assert found.shape == (2, 192)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    assert np.isnan(CampplusEmbedding(network)(noise[..., :2000])).all()


def test_a_mask_hides_what_it_covers(network, noise) -> None:
    masks = torch.zeros(2, 100)
    masks[:, :50] = 1
    loud = noise.clone()
    loud[..., 17_000:] *= 20
    embedding = CampplusEmbedding(network)
    assert np.allclose(embedding(noise, masks), embedding(loud, masks), atol=1e-4)


def test_the_same_input_gives_the_same_embedding(network, noise) -> None:
    embedding = CampplusEmbedding(network)
    assert np.array_equal(embedding(noise), embedding(noise))


def test_stretching_a_mask_keeps_its_time() -> None:
    assert stretch(torch.tensor([1, 0, 1, 1]), 8).tolist() == [1, 1, 0, 0, 1, 1, 1, 1]
    assert stretch(torch.tensor([1, 0, 1, 1]), 2).tolist() == [1, 1]


@pytest.mark.models
def test_published_weights_load_strictly_and_change_the_answer(model_store, network, noise) -> None:
    from toolkit.backends.networks import embedding

    found = embedding(model_store["campplus"])
    assert found.dimension == 192
    assert not np.allclose(found(noise), CampplusEmbedding(network)(noise))
