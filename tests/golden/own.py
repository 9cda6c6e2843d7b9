"""The references of families that are missing in transformers."""

import recurrent
import vaswani

REFERENCES = {
    vaswani.MODEL_TYPE: vaswani,
    **{model_type: recurrent for model_type in recurrent.MODEL_TYPES},
}
MODELS = (vaswani.Transformer, recurrent.Base)
