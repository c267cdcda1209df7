// Every sentence of the page in both languages, side by side: name: [Portuguese, English]. Sentences for
// error codes are the client's (texts.js). {name} is filled in.

const STRINGS = {
    tagline: ["Um quadro. Dois jogadores.", "One frame. Two players."],
    language: ["Idioma", "Language"],
    news: ["Aviso", "Notice"],
    loading: ["Carregando…", "Loading…"],

    whoAreYou: ["Quem joga nesta aba?", "Who plays in this tab?"],
    whoHint: [
        "Cada aba é uma pessoa. Abra outra janela e escolha outro nome para duelar.",
        "Each tab is one person. Open another window and pick another name to duel.",
    ],
    anotherName: ["Outro nome", "Another name"],
    anotherNameHint: ["Como quer ser chamado?", "What should we call you?"],
    enter: ["Entrar", "Enter"],
    nameFailed: ["Esse nome não deu certo. Tente outro.", "That name did not work. Try another."],

    changePlayer: ["Trocar jogador", "Switch player"],
    rating: ["Rating", "Rating"],
    wins: ["Vitórias", "Wins"],
    draws: ["Empates", "Draws"],
    losses: ["Derrotas", "Losses"],
    find: ["Encontrar adversário", "Find an opponent"],
    goBack: ["Voltar ao duelo", "Back to your duel"],
    challenge: ["Desafiar um amigo", "Challenge a friend"],
    history: ["Histórico", "History"],
    ranking: ["Ranking", "Ranking"],
    goBackTo: ["Voltar", "Back"],
    more: ["Mostrar mais", "Show more"],
    moreShown: ["Mais {n} na lista.", "{n} more in the list."],
    howTitle: ["Como se joga", "How it works"],
    how1: ["O mesmo quadro aparece para os dois.", "Both of you see the same frame."],
    how2: ["Diga de que vídeo ele é. Seis palpites.", "Name the video it is from. Six guesses."],
    how3: ["O mais rápido leva. Três rodadas vencem.", "The fastest takes it. Three rounds win."],

    searching: ["Procurando adversário", "Finding an opponent"],
    waited: ["Tempo de espera", "Time waited"],
    window: ["Faixa de rating", "Rating range"],
    anyRating: ["qualquer", "any"],
    inQueue: ["Na fila", "In the queue"],
    eta: ["Previsão", "Expected wait"],
    etaUnknown: ["calculando", "working it out"],
    etaSoon: ["a qualquer momento", "any moment"],
    about: ["cerca de {time}", "about {time}"],
    alone: ["só você, por enquanto", "just you, for now"],
    people: ["{n} pessoas", "{n} people"],
    givesUpIn: ["A busca termina em {time}", "The search ends in {time}"],
    cancel: ["Cancelar", "Cancel"],

    challengeHint: [
        "Você recebe um link. Quem abrir primeiro joga com você.",
        "You get a link. Whoever opens it first plays you.",
    ],
    duelKind: ["Tipo de duelo", "Kind of duel"],
    friendly: ["Amistoso", "Friendly"],
    friendlyHint: ["O rating não muda.", "Ratings stay as they are."],
    forRating: ["Valendo rating", "Rated"],
    forRatingHint: [
        "Conta como qualquer duelo. Abre depois de dez adversários.",
        "Counts like any duel. Opens after ten opponents.",
    ],
    makeLink: ["Criar o link", "Make the link"],
    makingLink: ["Criando o link…", "Making the link…"],
    inviting: ["Esperando seu amigo", "Waiting for your friend"],
    inviteHint: [
        "Mande o link e deixe esta página aberta. O duelo começa quando ele chegar.",
        "Send the link and keep this page open. The duel starts when they arrive.",
    ],
    inviteLink: ["Link para o seu amigo", "Link for your friend"],
    copyLink: ["Copiar link", "Copy link"],
    linkCopied: ["Link copiado!", "Link copied!"],
    sendLink: ["Enviar", "Send"],
    inviteWords: ["Duelo no Framedle?", "A Framedle duel?"],
    linkGoodFor: ["O link vale por mais", "The link is good for"],
    cancelInvite: ["Cancelar o convite", "Cancel the invitation"],
    invitedBy: ["{name} desafia você", "{name} challenges you"],
    invitedRated: ["Este duelo vale rating.", "This duel is rated."],
    invitedFriendly: ["Um amistoso: o rating não muda.", "A friendly duel: ratings stay as they are."],
    inviteGoodFor: ["O convite vale por mais {time}", "The invitation is good for {time}"],
    accept: ["Aceitar", "Accept"],
    notNow: ["Agora não", "Not now"],
    ownInvite: ["Este convite é seu", "This invitation is yours"],
    ownInviteHint: ["Espere aqui por quem você convidou.", "Wait here for whom you invited."],
    waitHere: ["Esperar aqui", "Wait here"],
    ownDuel: ["Este duelo é seu", "This duel is yours"],
    inviteOver: ["Este duelo já acabou", "This duel is over"],
    seeDuel: ["Ver como foi", "See how it went"],

    found: ["Adversário encontrado", "Opponent found"],
    seriesNow: ["revanche · {a}–{b}", "rematch · {a}–{b}"],
    you: ["Você", "You"],
    opponent: ["Adversário", "Opponent"],
    versus: ["contra", "versus"],
    waitingFor: ["Esperando {name}…", "Waiting for {name}…"],
    bestOf: ["Melhor de {n}", "Best of {n}"],
    rated: ["vale rating", "rated"],
    unrated: ["amistoso", "friendly"],
    cancelMatch: ["Sair", "Leave"],
    back: ["De volta ao duelo", "Back to the duel"],
    roundAgain: [
        "A rodada {n} recomeça com outro quadro.",
        "Round {n} starts again with another frame.",
    ],
    roundNext: ["A rodada {n} vem em seguida.", "Round {n} is next."],

    roundOf: ["Rodada {n} de {total}", "Round {n} of {total}"],
    frameAlt: ["Quadro do vídeo desta rodada", "Frame from this round's video"],
    developing: ["Revelando o quadro…", "Developing the frame…"],
    whatVideo: ["De que vídeo é este quadro?", "Which video is this frame from?"],
    typeTitle: ["Digite um título…", "Type a title…"],
    guess: ["Palpitar", "Guess"],
    suggestions: ["Sugestões", "Suggestions"],
    noSuggestions: [
        "Nenhum título assim. Enter envia como está.",
        "No title like that. Enter sends it as it is.",
    ],
    keysHint: ["/ para digitar · ↑↓ escolhe · Enter envia", "/ to type · ↑↓ to choose · Enter to send"],
    guesses: ["Seus palpites", "Your guesses"],
    noGuesses: ["Seus palpites aparecem aqui.", "Your guesses show up here."],
    guessesLeft: ["{n} palpites restantes", "{n} guesses left"],
    guessLeft: ["1 palpite restante", "1 guess left"],
    guessNumber: ["Palpite {n}", "Guess {n}"],
    sending: ["enviando", "sending"],
    locked: ["Espere um instante…", "Hold on a moment…"],
    near0: ["longe", "cold"],
    near1: ["morno", "warm"],
    near2: ["quente", "hot"],
    near3: ["quase!", "so close!"],
    notThis: ["não é este", "not this one"],
    correct: ["certo!", "correct!"],
    wrongSay: ["Errado: {how}. {left}.", "Wrong: {how}. {left}."],
    solvedIn: ["Você acertou em {time}", "You got it in {time}"],
    solvedWait: ["Conferindo o outro lado…", "Checking the other side…"],
    outTitle: ["Acabaram seus palpites", "You are out of guesses"],
    outWait: ["Torça para {name} errar também.", "Hope that {name} misses too."],
    secondsLeft: ["{n} segundos", "{n} seconds left"],
    opponentGuesses: ["{name} deu {n} palpites", "{name} has made {n} guesses"],
    statusGuessing: ["pensando", "thinking"],
    statusSolved: ["acertou", "got it"],
    statusOut: ["sem palpites", "out of guesses"],
    statusGone: ["caiu", "dropped"],
    yourPips: ["{n} de {total} palpites usados", "{n} of {total} guesses used"],
    leave: ["Desistir", "Resign"],
    leaveTitle: ["Desistir do duelo?", "Resign this duel?"],
    leaveText: ["A vitória fica com {name}.", "The win goes to {name}."],
    leaveYes: ["Desistir", "Resign"],
    leaveNo: ["Continuar jogando", "Keep playing"],

    roundWon: ["Rodada sua", "Your round"],
    roundLost: ["Rodada de {name}", "{name}'s round"],
    roundNobody: ["Ninguém levou", "Nobody's round"],
    theAnswer: ["Era", "It was"],
    notSolved: ["não acertou", "no answer"],
    nextIn: ["Próxima rodada em {n}", "Next round in {n}"],
    scoreSay: ["Placar: {a} a {b}.", "Score: {a} to {b}."],
    seeResult: ["Ver o resultado", "See the result"],

    win: ["Vitória", "You win"],
    loss: ["Derrota", "You lose"],
    draw: ["Empate", "Draw"],
    none: ["Duelo anulado", "Duel called off"],
    byScore: ["contra {name}", "against {name}"],
    theyForfeited: ["{name} abandonou o duelo", "{name} left the duel"],
    youForfeited: ["Você abandonou o duelo", "You left the duel"],
    abandoned: ["Não houve duelo; o rating não muda.", "There was no duel; ratings stay as they were."],
    ratingSettling: ["rating a caminho", "rating on its way"],
    ratingUnrated: ["amistoso, sem rating", "friendly, not rated"],
    average: ["Média", "Average"],
    points: ["Pontos", "Points"],
    rounds: ["Rodadas", "Rounds"],
    share: ["Compartilhar", "Share"],
    shareText: ["Texto para compartilhar", "Text to share"],
    copy: ["Copiar", "Copy"],
    copied: ["Copiado!", "Copied!"],
    copyFailed: ["Selecione o texto e copie.", "Select the text and copy it."],
    again: ["Jogar de novo", "Play again"],
    another: ["Outro adversário", "Another opponent"],
    rematch: ["Revanche", "Rematch"],
    rematchWaiting: ["Esperando {name}…", "Waiting for {name}…"],
    rematchTakeBack: ["Retirar a proposta", "Take the offer back"],
    rematchAsked: ["{name} quer revanche", "{name} wants a rematch"],
    rematchAccept: ["Aceitar revanche", "Accept the rematch"],
    rematchDecline: ["Recusar", "Decline"],
    rematchDeclined: ["{name} não quer revanche.", "{name} does not want a rematch."],
    rematchTakenBack: ["{name} retirou a proposta.", "{name} took the offer back."],
    rematchExpired: ["O tempo para a revanche acabou.", "The time for a rematch is over."],
    rematchAway: ["{name} saiu daqui.", "{name} has left."],
    series: ["Série: {a} a {b}", "Series: {a} to {b}"],
    timeLeft: ["Tempo restante", "Time left"],

    historyEmpty: ["Nenhum duelo ainda.", "No duels yet."],
    historyEmptyHint: ["Os próximos aparecem aqui.", "The next ones show up here."],
    deletedPlayer: ["Jogador que saiu", "Player who left"],
    outcomeWin: ["Vitória", "Win"],
    outcomeLoss: ["Derrota", "Loss"],
    outcomeDraw: ["Empate", "Draw"],
    outcomeNone: ["Anulado", "Called off"],
    friendlyShort: ["amistoso", "friendly"],
    resultTitle: ["Duelo", "Duel"],
    between: ["{a} contra {b}", "{a} against {b}"],
    sideForfeited: ["{name} abandonou o duelo", "{name} left the duel"],
    guessesOf: ["Palpites", "Guesses"],
    noneTyped: ["nenhum palpite", "no guesses"],
    anotherVideo: ["outro vídeo", "another video"],
    tooLong: ["um texto longo", "a long text"],
    noRounds: ["Nenhuma rodada terminou.", "No round was finished."],

    yourPlace: ["Seu lugar", "Your place"],
    placeOf: ["{rank}º de {total}", "{rank} of {total}"],
    noPlace: ["Jogue um duelo que vale rating para entrar.", "Play a rated duel to get in."],
    aroundYou: ["Perto de você", "Around you"],
    best: ["Os melhores", "The best"],
    rankingEmpty: ["Ninguém jogou ainda.", "Nobody has played yet."],
    place: ["Lugar", "Place"],
    player: ["Jogador", "Player"],
    winsShort: ["V", "W"],
    drawsShort: ["E", "D"],
    lossesShort: ["D", "L"],
    home: ["Início", "Home"],

    reconnecting: ["Conexão perdida. Voltando…", "Connection lost. Coming back…"],
    keepTrying: ["Continuamos tentando.", "We keep trying."],
    clockRuns: ["O relógio segue; seu lugar está guardado.", "The clock runs on; your seat is kept."],
    connecting: ["Conectando…", "Connecting…"],
    opponentGone: ["{name} caiu", "{name} dropped"],
    opponentBackBy: ["Tem {n} s para voltar", "{n} s to come back"],

    playHere: ["Jogar aqui", "Play here"],
    retry: ["Tentar de novo", "Try again"],
    signIn: ["Entrar de novo", "Sign in again"],
    reload: ["Recarregar", "Reload"],
    tryAgainIn: ["Tente de novo em {time}", "Try again in {time}"],
    tryAgainAt: ["Tente de novo em {time}, às {at}", "Try again in {time}, at {at}"],
    problem: ["Algo não deu certo", "Something did not work"],
};

const KEY = "framedle.language";
export const LANGUAGES = [
    { id: "pt", tag: "pt-BR", short: "PT", name: "Português" },
    { id: "en", tag: "en", short: "EN", name: "English" },
];

const remembered = () => {
    try {
        return localStorage.getItem(KEY);
    } catch {
        return null;
    }
};
const wanted = remembered() ?? navigator.language ?? "pt";
let current = LANGUAGES.find(({ id }) => wanted.toLowerCase().startsWith(id)) ?? LANGUAGES[1];
document.documentElement.lang = current.tag;

export const language = () => current;

export function setLanguage(id) {
    current = LANGUAGES.find((one) => one.id === id) ?? current;
    document.documentElement.lang = current.tag;
    try {
        localStorage.setItem(KEY, id);
    } catch {
        // Private windows may refuse; then it holds until the next reload.
    }
}

/** The sentence of that name in the current language, its {parts} filled in. */
export function t(name, parts = {}) {
    const text = STRINGS[name][LANGUAGES.indexOf(current)];
    return text.replace(/\{(\w+)\}/g, (whole, part) => String(parts[part] ?? whole));
}

/** 4.2 s · 4,2 s */
export function seconds(ms) {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return `${new Intl.NumberFormat(current.tag, digits).format(ms / 1000)} s`;
}

/** 0:07 */
export function minutes(ms) {
    const whole = Math.max(0, Math.floor(ms / 1000));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 7 s · 2 min */
export function rough(ms) {
    const whole = Math.max(1, Math.ceil(ms / 1000));
    return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}

/** Today the time, else the day: 15:32 · 3 de nov. · 3 de nov. de 2025 */
export function when(time, now = Date.now()) {
    const [day, today] = [new Date(time), new Date(now)];
    if (day.toDateString() === today.toDateString()) {
        return clockTime(time);
    }
    const year = day.getFullYear() === today.getFullYear() ? undefined : "numeric";
    return new Intl.DateTimeFormat(current.tag, { day: "numeric", month: "short", year }).format(day);
}

/** 15:32 */
export function clockTime(time) {
    return new Intl.DateTimeFormat(current.tag, { hour: "2-digit", minute: "2-digit" }).format(time);
}

/** 12,345 · 12.345 */
export const count = (n) => new Intl.NumberFormat(current.tag).format(n);

/** +16 · −16 · ±0, with a minus sign and not a hyphen. */
export const signed = (n) => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "±0");

export function countryName(code) {
    try {
        return new Intl.DisplayNames([current.tag], { type: "region" }).of(code);
    } catch {
        return code;
    }
}
