"""Calm and legible: Hangul fonts that are really on people's machines, colours with enough contrast."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.themes.Base:
    """Calm and legible: Hangul fonts that are really on people's machines, label colours with enough contrast."""
    fonts = [
        "Pretendard",
        "Noto Sans KR",
        "Noto Sans CJK KR",
        "Apple SD Gothic Neo",
        "Malgun Gothic",
        "system-ui",
        "sans-serif",
    ]
    return gr.themes.Soft(
        primary_hue="blue",
        secondary_hue="blue",
        neutral_hue="slate",
        text_size="md",
        font=fonts,
        font_mono=["ui-monospace", "D2Coding", "Consolas", "monospace"],
    ).set(
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_800",
        block_title_text_color_dark="*neutral_100",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        block_label_background_fill="*neutral_50",
        body_background_fill="*neutral_50",
    )
