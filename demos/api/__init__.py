"""What programs may ask of this gallery: twelve functions of plain values, without memory between two calls.

``surface`` says what a function is and checks what is sent; ``nets``, ``words`` and ``pictures`` hold the functions.
``plain_server`` answers with them by plain HTTP, ``endpoints`` gives them to Gradio, ``mcp_server`` to assistants;
``openai_server`` serves the LLM under OpenAI's addresses, and ``reference`` writes docs/api.md. The lessons' own events are no
part of this: they are private.
"""

from demos.api.nets import run_sequential, trace_net, train_net
from demos.api.pictures import classify_picture, convolve, draw_picture, explain_picture
from demos.api.surface import Function
from demos.api.words import explain_review, generate_text, next_tokens, similarity, text_vectors

FUNCTIONS: tuple[Function, ...] = (
    train_net,
    run_sequential,
    trace_net,
    explain_review,
    next_tokens,
    generate_text,
    similarity,
    text_vectors,
    classify_picture,
    explain_picture,
    convolve,
    draw_picture,
)

__all__ = ["FUNCTIONS", "Function"]
