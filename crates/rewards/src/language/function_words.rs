//! The commonest function words of the languages that are written in Latin letters.
//!
//! Articles, pronouns, prepositions, conjunctions and auxiliary verbs: the words a text cannot do
//! without, whatever it is about. Left out: words that carry the subject, and other scripts, whose
//! letters say enough.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::Lang;

/// The languages in which `word`, in lower case, is a function word.
pub(super) fn languages_of(word: &str) -> &'static [Lang] {
    static INDEX: LazyLock<HashMap<&str, Vec<Lang>>> = LazyLock::new(|| {
        let mut index: HashMap<&str, Vec<Lang>> = HashMap::new();
        for &(lang, words) in WORDS {
            for word in words.split_whitespace() {
                index.entry(word).or_default().push(lang);
            }
        }
        index
    });
    INDEX.get(word).map_or(&[], Vec::as_slice)
}

const WORDS: &[(Lang, &str)] = &[
    (
        Lang::Ces,
        "a aby ale ani až byl byla bylo být co do ho i jak jako je jeho jejich její jen \
         již jsme jsou k kde když která které který mezi má mít na nebo není než o od po \
         pod podle pro protože před při s se si tak také tedy ten to toho tom tuto u v ve \
         více všechny z za ze či že",
    ),
    (
        Lang::Dan,
        "af al alle at blev både da de dem den denne der deres det dette efter eller en \
         end er et for fra få ham han har havde hende hvad hver hvis hvor i ikke ind \
         ingen jeg kan man med mellem men mod må ned nogle når og også om op os over på \
         samt sig sin sine skal som så til ud under var ved vi vil være",
    ),
    (
        Lang::Deu,
        "aber alle als also am an auch auf aus bei bis da damit das dass daß dem den der \
         des die dies diese dieser doch durch ein eine einem einen einer eines er es für \
         gegen haben hat ich ihr ihre im in ist ja jede jeder jedes jedoch kann keine man \
         mit nach nicht niemand noch nun nur ob oder ohne sein seine sich sie sind so \
         sowie um und uns unter von vor war was weil wenn wer werden wie wir wird zu zum \
         zur zwischen über",
    ),
    (
        Lang::Eng,
        "a about after all also an and any are as at be because been but by can could do \
         does each every for from had has have he her his how if in into is it its may me \
         must my no nor not of on one only or our shall she should so some than that the \
         their them then there these they this those to upon was we were what when where \
         which while who whose will with without would you your",
    ),
    (
        Lang::Spa,
        "a al algo ante antes aquel así cada como con contra cual cuando cuyo de del \
         desde donde dos e el ella ellas ellos en entonces entre era es esa ese eso esta \
         estas este esto estos está están fue ha haber han hasta hay la las le les lo los \
         luego me mi muy más nada nadie ni no nos o otra otras otro otros para pero podrá \
         por porque puede pues que quien se sea según ser si sin sino sobre son su sus \
         también tanto tiene tienen toda todas todo todos tu u un una unas uno unos y ya",
    ),
    (
        Lang::Fin,
        "ei eivät että he hän ja jo joiden joka jokaisella jonka jos jota jotka kaikki \
         kuin kun mutta myös ne niiden niin nyt ole olen oli on ovat se sekä sen siitä \
         sitten tai tämä tämän vaan",
    ),
    (
        Lang::Fra,
        "a afin ai alors au aucun aussi autre autres aux avec avoir car ce ceci cela ces \
         cet cette chaque comme contre d dans de des donc dont du elle elles en entre est \
         et eux faire font fut il ils je jusqu l la le les leur leurs lorsque lui mais me \
         mes mon même n ne ni nos notre nous nul on ont or ou où par pas peut peuvent \
         plus pour puis qu quand que qui s sa sans se selon sera ses si soit son sont \
         sous sur ta tant te tous tout toute toutes très tu un une vers vos votre vous y \
         à été être",
    ),
    (
        Lang::Hun,
        "a az azt csak de egy ez ezt ha hogy illetve is kell ki lehet meg mert mi minden \
         mint nem pedig sem szerint vagy van volt és óta",
    ),
    (
        Lang::Ind,
        "ada adalah akan atau bagi bahwa dalam dan dapat dari dengan di harus ia ini itu \
         juga kami karena ke kita maka mereka oleh orang pada saya sebagai sebuah secara \
         serta setiap suatu tanpa telah tidak untuk yang",
    ),
    (
        Lang::Ita,
        "a abbiamo ad agli ai al alla alle allo anche avere c che chi ci ciascun ciò col \
         come con contro cui da dagli dai dal dalla dalle dallo degli dei del dell della \
         delle dello deve di dove dunque e ed egli era essere fra fu gli ha hanno i il in \
         io l la le lo loro ma mi ne negli nei nel nella nelle nello nessun nessuno noi \
         non nostro o ogni ognuno per perché però più può qual quale quali quando quanto \
         quella quelle quello questa queste questo qui se senza si sia siano sono sotto \
         su sua sue sui sul sulla sullo suo suoi tra tutte tutti tutto un una uno è",
    ),
    (
        Lang::Nob,
        "alle at av bare ble blir både da de dem den denne der deres det dette eller en \
         enhver er et etter for fra før ha han har hver hvis hvor ikke ingen inn jeg kan \
         man med mellom men mot må nå når og også om opp oss over på samt seg sin sine \
         skal som så til under ut uten var ved vi vil være",
    ),
    (
        Lang::Nld,
        "aan al alle als anders bij dan dat de deze die dit door dus een eens eerst elk \
         elke en er geen haar had heeft hem hen het hij hoe hun ieder iedere ik in is je \
         kan maar mag me men met mijn moet na naar niemand niet niets nog nu of om omdat \
         onder ons ook op over te tegen ten ter tot tussen uit uw van veel voor was wat \
         we wel werd wie wij word worden wordt zal ze zich zij zijn zo zonder zou",
    ),
    (
        Lang::Pol,
        "a aby albo ale ani bez być był była było co czy dla do gdy go i ich innych jak \
         jako je jednak jego jej jest jeśli już każdy które który lub ma między może na \
         nad nie nikt niż o od oraz po pod przed przez przy się swego swej swoich są tak \
         tego tej to tym w we więc wszystkich wszystkie z za ze że",
    ),
    (
        Lang::Por,
        "a ao aos aquele as assim até cada com como contra cuja cujo da das de desde do \
         dos e ela elas ele eles em entre então era essa esse esta este está estão eu foi \
         há isso isto já lhe lhes mais mas me mesmo meu minha muito na nada nas nem \
         ninguém no nos nossa nosso não o onde os ou outra outras outro outros para pela \
         pelas pelo pelos pode podem poderá por porque porém quais qual quando que quem \
         se seja sem ser será seu seus sobre sua suas são só também tem ter toda todas \
         todo todos tudo têm um uma umas uns à às é",
    ),
    (
        Lang::Ron,
        "a această acest acestea acestui al ale am apoi ar are as astfel asupra au avea \
         ca care ce cea cei cel cele ci cu cum când cât că dacă dar de deci decât despre \
         din doar după ea ei el ele este eu fi fie fiecare fără la le lor lui mai nici \
         nimeni noi nu o ori orice pe pentru prin sa sale sau se spre sub sunt să toate \
         tot toți un unde unei unui va vor îi în între își și",
    ),
    (
        Lang::Swe,
        "alla allt att av bara blev både de dem den denna deras det detta där då efter \
         eller en enligt ett från för före ha han hans har hon hur här i icke in ingen \
         inom inte jag kan man med mellan men mot måste ned ni nu när och också om oss på \
         samt sedan sig sin sina ska skall som så till under upp ur utan var vara vi vid \
         vill än är",
    ),
    (
        Lang::Tur,
        "ama ancak bir biri bu bunu da daha de değil diye en gibi göre hangi hem her \
         herkes hiç hiçbir ile ise için kadar kendi ki mi mı nasıl ne o olan olarak \
         olduğu olmak olup onu sonra tüm var ve veya ya yani yok çok çünkü şey şu",
    ),
    (
        Lang::Vie,
        "anh bởi cho chúng các cái có cùng cũng cần của do em gì hay hoặc hơn khi không \
         là lại muốn mà mình mọi một người như những nào này nên nó nếu phải qua ra rất \
         rằng sẽ số sự ta theo thì trong trên trước tôi tại từ việc và vào vì vậy về với \
         đang điều đây đã được đến đều để",
    ),
];
