// Fields that the neutral model has no place for, where more than their type is to be checked: they
// go to the request's extras, as given. Spec: spec/converse.md §3, the OpenAI SDK's types. Pure.
#pragma once

#include "convert/openai/field_table.h"

namespace oriel::convert::openai {

// Each for a value whose type is known to be right; used in rows of the table of fields.
Result<void> take_modalities(const json::Value& value, const Path& path, RequestDraft& draft);
Result<void> take_logit_bias(const json::Value& value, const Path& path, RequestDraft& draft);
Result<void> take_prediction(const json::Value& value, const Path& path, RequestDraft& draft);
Result<void> take_moderation(const json::Value& value, const Path& path, RequestDraft& draft);
Result<void> take_web_search_options(const json::Value& value, const Path& path,
                                     RequestDraft& draft);
Result<void> take_prompt_cache_options(const json::Value& value, const Path& path,
                                       RequestDraft& draft);

}  // namespace oriel::convert::openai
