"""One identity: calm paper, one accent (the blue of the bar and of high values), Hangul fonts that are on people's machines.

White on the accent has 6.1 : 1, so that chosen states, primary buttons and tabs can be read in both modes.
"""

from __future__ import annotations

import gradio as gr

ACCENT = gr.themes.Color(
    "#eef5fb",
    "#d9e8f5",
    "#b3d0ea",
    "#84b3dc",
    "#4d90c9",
    "#1f6fb5",
    "#1b64a8",
    "#175489",
    "#13446f",
    "#0f3556",
    "#0a2239",
    name="taste",
)
FONTS = (
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "system-ui",
    "sans-serif",
)


def theme() -> gr.themes.Base:
    return gr.themes.Soft(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue="slate",
        text_size="md",
        spacing_size="sm",
        font=list(FONTS),
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
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        color_accent="*primary_600",
        link_text_color_dark="*primary_300",
        link_text_color_active_dark="*primary_300",
        link_text_color_hover_dark="*primary_200",
        link_text_color_visited_dark="*primary_300",
        checkbox_background_color_selected="*primary_600",
        checkbox_background_color_selected_dark="*primary_600",
        checkbox_label_background_fill_selected="*primary_600",
        checkbox_label_background_fill_selected_dark="*primary_600",
        checkbox_label_text_color_selected="white",
        block_label_background_fill="*neutral_50",
        body_background_fill="#f7f8fa",
        body_background_fill_dark="#10141a",
    )
