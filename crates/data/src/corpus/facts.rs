//! The few things the corpus knows about the world, in both languages.

/// Country and capital in English, then in Chinese.
pub(super) const CAPITALS: [[&str; 4]; 8] = [
    ["France", "Paris", "法国", "巴黎"],
    ["China", "Beijing", "中国", "北京"],
    ["Japan", "Tokyo", "日本", "东京"],
    ["Italy", "Rome", "意大利", "罗马"],
    ["England", "London", "英国", "伦敦"],
    ["Spain", "Madrid", "西班牙", "马德里"],
    ["Russia", "Moscow", "俄罗斯", "莫斯科"],
    ["Egypt", "Cairo", "埃及", "开罗"],
];

/// Two opposites in English, then in Chinese.
pub(super) const OPPOSITES: [[&str; 4]; 8] = [
    ["hot", "cold", "热", "冷"],
    ["big", "small", "大", "小"],
    ["tall", "short", "高", "矮"],
    ["fast", "slow", "快", "慢"],
    ["new", "old", "新", "旧"],
    ["heavy", "light", "重", "轻"],
    ["long", "short", "长", "短"],
    ["good", "bad", "好", "坏"],
];

/// A thing in English and Chinese.
pub(super) const THINGS: [[&str; 2]; 10] = [
    ["cat", "猫"],
    ["dog", "狗"],
    ["book", "书"],
    ["water", "水"],
    ["sun", "太阳"],
    ["tree", "树"],
    ["house", "房子"],
    ["fish", "鱼"],
    ["flower", "花"],
    ["tea", "茶"],
];

/// A kind and what every one of it is, in English, then in Chinese.
pub(super) const KINDS: [[&str; 4]; 5] = [
    ["cat", "an animal", "猫", "动物"],
    ["dog", "an animal", "狗", "动物"],
    ["fish", "an animal", "鱼", "动物"],
    ["rose", "a flower", "玫瑰", "花"],
    ["pine", "a tree", "松树", "树"],
];

/// A cause and its effect, each as a clause, in English, then in Chinese.
pub(super) const CAUSES: [[&str; 4]; 4] = [
    ["it rains", "the ground is wet", "下雨", "地是湿的"],
    ["the sun shines", "it is warm", "出太阳", "天气暖和"],
    ["it is night", "the sky is dark", "到了晚上", "天是黑的"],
    ["x is 4", "x is even", "x 是 4", "x 是偶数"],
];
