from hypothesis import given
from hypothesis import strategies as st

from runtime.chat.sliding import fewest_of


@given(st.integers(0, 50), st.integers(0, 50), st.integers(-1, 60))
def test_the_fewest_that_serve_are_found(low: int, high: int, threshold: int) -> None:
    expected = next((count for count in range(low, high + 1) if count >= threshold), None)
    assert fewest_of(low, high, lambda count: count >= threshold) == expected


def test_a_few_of_many_are_found_by_looking_at_few() -> None:
    tried: list[int] = []

    def serves(count: int) -> bool:
        tried.append(count)
        return count >= 990

    assert fewest_of(0, 1000, serves) == 990
    assert len(tried) <= 10
    assert min(tried) >= 980
