"""FastAPI doing nothing: what a service could answer at most."""

from fastapi import FastAPI

app = FastAPI()


@app.post("/predict")
async def predict() -> dict[str, str]:
    """Answer the same to everything."""
    return {}
