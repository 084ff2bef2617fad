# A school server: the gallery on port 7860, models in a volume. Not built here; parsed only (docs/deploy.md).
FROM python:3.12-slim

# The models' folder first: a volume mounted where nothing is belongs to root, and nobody could fetch a model into it.
RUN useradd --create-home --uid 1000 learner \
    && install -d -o learner -g learner /home/learner/models
WORKDIR /app

# A CPU build of torch first: pip would bring one with CUDA, several times as large.
COPY requirements.txt .
RUN pip install --no-cache-dir uv \
    && uv pip install --system --no-cache torch torchvision --torch-backend=cpu \
    && pip install --no-cache-dir -r requirements.txt

COPY --chown=learner:learner . .
USER learner

# Others can reach it, so visitors get the listed models only; DL_PUBLIC=0 trusts everybody in reach.
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False \
    DL_CACHE=/home/learner/models \
    DL_LOG=-

EXPOSE 7860
VOLUME /home/learner/models
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/health', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "app.py"]
