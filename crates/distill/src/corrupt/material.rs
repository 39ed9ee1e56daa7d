//! What is put into reasonings to spoil them.

/// Paragraphs about something else.
pub(super) const PARAGRAPHS: &[&str] = &[
    "The lighthouse was built by monks who wanted to warn ships of the rocks below the cliff.",
    "Volcanic soil is rich in minerals, which is why farmers return to the slopes after an eruption.",
    "My grandmother always said that a good soup needs patience, a heavy pot and a rainy afternoon.",
    "The committee will meet again in spring to discuss the new rules for street musicians.",
    "Penguins recognise their partners by voice, even in colonies where thousands call at once.",
    "A sonnet has a turn near its end, where the argument changes direction and the poem closes.",
    "Please remember to like this video and subscribe to the channel for further content.",
    "The orchestra tuned to the oboe, whose pitch is less affected by the temperature of the hall.",
    "As an assistant I aim to be helpful, and I would be glad to talk about history or music instead.",
    "Glaciers move slowly under their own weight and carve valleys with steep walls and flat floors.",
];

/// Steps in other languages, around an equation.
pub(super) const FRAMES: &[&str] = &[
    "所以我们先算出结果是 {}，这就是我们需要的数。",
    "因此一共有 {} 个，接下来继续计算。",
    "Daraus folgt, dass wir insgesamt {} haben, und damit rechnen wir weiter.",
    "Zuerst bestimmen wir den Wert, also {} für alle zusammen.",
    "Por lo tanto, en total tenemos {} y con eso seguimos el cálculo.",
    "Primero calculamos cuánto le queda, que es {} para todos.",
    "On obtient donc {} au total, ce qui nous permet de continuer le calcul.",
    "Следовательно, всего получается {} и мы продолжаем вычисления.",
    "したがって合計は {} になるので、次の計算に進みます。",
];
