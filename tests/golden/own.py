"""The references of families that transformers does not have."""

import recurrent
import vaswani

REFERENCES = {
    vaswani.MODEL_TYPE: vaswani,
    **{model_type: recurrent for model_type in recurrent.MODEL_TYPES},
}
MODELS = (vaswani.Transformer, recurrent.Base)
