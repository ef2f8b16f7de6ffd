"""Default role descriptions."""

SYSTEM_PROMPT_DEFAULT_ROLE = "instructions that tell the language model how to answer, the same for every query"
VARIABLE_INPUT_DEFAULT_ROLE = "query to the language model"
VARIABLE_OUTPUT_DEFAULT_ROLE = "response from the language model"
